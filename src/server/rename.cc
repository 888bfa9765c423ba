// rename: the server of the old name coordinates. Both names are held, the rules checked, the new
// name put and the old one dropped, both released: it happens as a whole or not at all, and a
// client that dies meanwhile changes nothing about that.
#include <fcntl.h>
#include <stdio.h>

#include <tuple>

#include "base/log.h"
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

struct Target {
  FileId id;
  DentryType type;
  bool is_directory() const { return type == DentryType::directory; }
};

struct HeldName {
  FileId parent;
  std::string name;
  std::uint32_t server = 0;
  std::optional<Target> target = {};  ///< what it leads to
  bool is_held = false;
};

struct Rename {
  HeldName from;  ///< on this server
  HeldName to;
  HeldName tree{kRootId, "", kRootId.home()};
  std::uint64_t flags = 0;
  bool from_must_be_directory = false;
  bool to_must_be_directory = false;
  bool exchanges() const { return (flags & RENAME_EXCHANGE) != 0; }
  /// A directory that comes to be in another, or under another name.
  bool moves_directory() const {
    return (from.target && from.target->is_directory()) ||
           (exchanges() && to.target && to.target->is_directory());
  }
};

Task<Status> hold_here(Server& server, HeldName& name) {
  const auto entry = co_await hold_when_free(server, name.parent, name.name);
  if (!entry) co_return entry.error();
  name.is_held = true;
  name.target.reset();
  if (entry->has_value()) name.target = Target{(*entry)->id, (*entry)->type};
  co_return Status();
}

Task<Status> hold(Server& server, HeldName& name) {
  if (name.server == server.index()) co_return co_await hold_here(server, name);
  const RequestHeader header = about(Opcode::hold_name, name.parent);
  const WireBytes wire = encode_name(name.name);
  auto reply = co_await server.peers().channel(name.server).call(header, wire);
  if (!reply) co_return reply.error();
  MAYFLY_CO_CHECKED(reply->status());
  name.is_held = true;
  name.target.reset();
  if (reply->body.payload_bytes() == 0) co_return Status();
  MAYFLY_CO_TRY(dentry, decode_dentry(reply->body.payload()));
  name.target = Target{dentry.id, dentry.type};
  co_return Status();
}

Task<void> release(Server& server, HeldName& name) {
  if (!std::exchange(name.is_held, false)) co_return;
  if (name.server == server.index()) co_return release_held(server, name.parent, name.name);
  const RequestHeader header = about(Opcode::release_name, name.parent);
  const WireBytes wire = encode_name(name.name);
  Channel& holder = server.peers().channel(name.server);
  const Status released = status_of(co_await holder.call(header, wire));
  // A server that does not hear it has lost the connection, and with it the hold.
  if (!released) log::debug("a name was released by its server already");
}

Task<Status> put(Server& server, const HeldName& name, Target target) {
  const DentryBody body{target.id, target.type, name.name};
  if (name.server == server.index()) {
    const auto is_held = [] { return true; };
    co_return co_await put_when_thawed(server, name.parent, body, is_held);
  }
  const RequestHeader header = about(Opcode::put_name, name.parent);
  const WireBytes wire = encode(body);
  co_return status_of(co_await server.peers().channel(name.server).call(header, wire));
}

/// Both names, in one order for all: no two renames wait for each other.
Task<Status> hold_both(Server& server, Rename& rename) {
  const bool from_first =
      std::tie(rename.from.parent, rename.from.name) < std::tie(rename.to.parent, rename.to.name);
  HeldName& first = from_first ? rename.from : rename.to;
  HeldName& second = from_first ? rename.to : rename.from;
  MAYFLY_CO_CHECKED(co_await hold(server, first));
  co_return co_await hold(server, second);
}

Task<void> release_both(Server& server, Rename& rename) {
  co_await release(server, rename.from);
  co_await release(server, rename.to);
}

/// Whether `directory` is `above` or below it. Not to be relied on unless the tree is held.
Task<Result<bool>> is_below(Server& server, FileId directory, FileId above) {
  while (directory != above) {
    if (directory == kRootId) co_return false;
    auto reply = co_await server.peers().call_home(about(Opcode::get_parent, directory));
    if (const Status status = status_of(reply); !status) {
      co_return status.error() == Errc::no_entry ? Errc::stale : status.error();
    }
    directory = {reply->header.value, reply->header.second};
  }
  co_return true;
}

Status check_presence(const Rename& rename) {
  const std::optional<Target>& from = rename.from.target;
  const std::optional<Target>& to = rename.to.target;
  if (!from) return Errc::no_entry;
  if ((rename.flags & RENAME_NOREPLACE) != 0 && to) return Errc::exists;
  if (rename.exchanges() && !to) return Errc::no_entry;
  const bool to_becomes_directory = rename.exchanges() ? to->is_directory() : from->is_directory();
  if ((rename.from_must_be_directory && !from->is_directory()) ||
      (rename.to_must_be_directory && !to_becomes_directory)) {
    return Errc::not_a_directory;
  }
  return {};
}

/// Neither of the names may be above the other.
Task<Status> check_places(Server& server, const Rename& rename) {
  if (rename.from.parent == rename.to.parent) co_return Status();
  if (rename.from.target->is_directory()) {
    auto below = co_await is_below(server, rename.to.parent, rename.from.target->id);
    if (!below) co_return below.error();
    if (*below) co_return Errc::invalid;
  }
  if (rename.to.target && rename.to.target->is_directory()) {
    auto above = co_await is_below(server, rename.from.parent, rename.to.target->id);
    if (!above) co_return above.error();
    if (*above) co_return rename.exchanges() ? Errc::invalid : Errc::not_empty;
  }
  co_return Status();
}

/// A file replaces a file and a directory a directory.
Status check_types(const Rename& rename) {
  const std::optional<Target>& to = rename.to.target;
  if (rename.exchanges() || !to) return {};
  const bool moves_directory = rename.from.target->is_directory();
  if (moves_directory == to->is_directory()) return {};
  return moves_directory ? Errc::not_a_directory : Errc::is_a_directory;
}

/// Both names change. After this the rename has happened.
Task<Status> commit(Server& server, Rename& rename) {
  const Target moved = *rename.from.target;
  MAYFLY_CO_CHECKED(co_await put(server, rename.to, moved));
  if (rename.exchanges()) {
    MAYFLY_CO_CHECKED(co_await put(server, rename.from, *rename.to.target));
    MAYFLY_CO_CHECKED(
        co_await tell_home(server, Opcode::note_rename, rename.to.target->id, rename.from.parent));
  } else {
    server.names().drop(rename.from.parent, rename.from.name, wall_clock_ns());
    co_await announce(server, rename.from.parent);
  }
  co_return co_await tell_home(server, Opcode::note_rename, moved.id, rename.to.parent);
}

/// commit where the new name was a directory's, which must be empty and goes.
Task<Status> commit_over_directory(Server& server, Rename& rename) {
  const FileId replaced = rename.to.target->id;
  Status status = co_await freeze_if_empty(server, replaced);
  if (!status) co_return status;
  status = co_await commit(server, rename);
  if (!status) {
    const Status thawed = co_await thaw_everywhere(server, replaced);
    co_return thawed ? status : thawed;
  }
  co_return co_await bury(server, replaced);
}

Task<Status> rename_held(Server& server, Rename& rename) {
  MAYFLY_CO_CHECKED(check_presence(rename));
  MAYFLY_CO_CHECKED(co_await check_places(server, rename));
  if (rename.to.target && rename.to.target->id == rename.from.target->id) co_return Status();
  MAYFLY_CO_CHECKED(check_types(rename));
  if (rename.moves_directory()) {
    // Before it gets another path: nobody finds it under the old one any more.
    MAYFLY_CO_CHECKED(co_await raise_epochs(server));
  }
  if (!rename.to.target || rename.exchanges()) co_return co_await commit(server, rename);
  if (rename.to.target->is_directory()) co_return co_await commit_over_directory(server, rename);
  MAYFLY_CO_CHECKED(co_await commit(server, rename));
  co_return co_await tell_home(server, Opcode::drop_link, rename.to.target->id);
}

/// The tree is held before the names. That it must be is seen only when they are held.
Task<Status> hold_all(Server& server, Rename& rename) {
  MAYFLY_CO_CHECKED(co_await hold_both(server, rename));
  if (!rename.moves_directory()) co_return Status();
  co_await release_both(server, rename);
  MAYFLY_CO_CHECKED(co_await hold(server, rename.tree));
  co_return co_await hold_both(server, rename);
}

Task<Status> rename_names(Server& server, Rename& rename) {
  // A bound: those that wait for names must leave the channels to those that have them.
  const auto permit = co_await server.renames().acquire();
  Status status = co_await hold_all(server, rename);
  if (status) status = co_await rename_held(server, rename);
  co_await release_both(server, rename);
  co_await release(server, rename.tree);
  co_return status;
}

/// A name is to become itself: nothing to do, but for what is wrong with that.
Task<Status> check_one_name(Server& server, Rename& rename) {
  MAYFLY_CO_CHECKED(co_await hold(server, rename.from));
  rename.to.target = rename.from.target;
  co_await release(server, rename.from);
  co_return check_presence(rename);
}

}  // namespace

Task<Status> raise_epochs(Server& server) {
  RequestHeader header;
  header.opcode = Opcode::raise_epoch;
  header.argument = server.names().epoch() + 1;
  std::uint64_t unused = 0;
  std::vector<std::uint32_t> everyone = server.peers().everyone();
  co_return co_await server.peers().ask(std::move(everyone), header, unused);
}

Task<Status> hold_tree(Server& server) {
  HeldName tree{kRootId, "", kRootId.home()};
  co_return co_await hold(server, tree);
}

Task<void> release_tree(Server& server) {
  HeldName tree{kRootId, "", kRootId.home()};
  tree.is_held = true;
  co_await release(server, tree);
}

Task<void> rename(Server& server, Request request) {
  const auto body = decode_rename(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  Rename rename;
  rename.from = {request.header.file, std::string(body->old_name), server.index()};
  rename.to = {body->new_parent, std::string(body->new_name),
               server_of_name(body->new_parent, body->new_name, server.servers())};
  rename.flags = request.header.argument;
  rename.from_must_be_directory = request.has(request_flags::kDirectory);
  rename.to_must_be_directory = request.has(request_flags::kNewDirectory);
  constexpr std::uint64_t kKnown = RENAME_NOREPLACE | RENAME_EXCHANGE;
  if ((rename.flags & ~kKnown) != 0 || rename.flags == kKnown || rename.from.name.empty() ||
      rename.to.name.empty()) {
    co_return server.reply(request, Errc::invalid);
  }
  const bool is_one_name =
      rename.from.parent == rename.to.parent && rename.from.name == rename.to.name;
  Task<Status> renaming =
      is_one_name ? check_one_name(server, rename) : rename_names(server, rename);
  const Status renamed = co_await std::move(renaming);
  server.reply(request, to_errc(renamed));
}

void raise_epoch(Server& server, const Request& request) {
  server.names().raise_epoch(request.header.argument);
  server.reply(request, Errc::ok);
}

}  // namespace mayfly
