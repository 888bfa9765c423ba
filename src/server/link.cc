// link, add_link, drop_link, note_rename, remove_file: names and inodes that may be on two servers.
#include "base/log.h"
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

Task<Status> add_name(Server& server, FileId parent, std::string name, DentryBody to) {
  const auto attempt = [&] {
    return server.names().link_name(parent, name, to.id, to.type, wall_clock_ns());
  };
  const Status added = co_await when_free(server, parent, name, attempt);
  if (added) co_await announce(server, parent);
  co_return added;
}

/// What remove_file leaves to other servers.
Task<void> finish_removal(Server& server, Request request, FileId elsewhere) {
  Status dropped;
  if (elsewhere.valid()) dropped = co_await tell_home(server, Opcode::drop_link, elsewhere);
  co_await announce(server, request.header.file);
  server.reply(request, to_errc(dropped));
}

Task<void> remove_later(Server& server, Request request) {
  const auto name = decode_name(request.body.payload());
  MAYFLY_ASSERT(name.has_value());
  co_await server.fences().wait(request.header.file, *name);
  remove_file(server, request);
}

Status note_at_home(Server& server, Opcode opcode, FileId id, FileId parent) {
  if (opcode == Opcode::add_link) return server.names().add_link(id, wall_clock_ns());
  if (opcode == Opcode::note_rename) return server.names().renamed(id, parent, wall_clock_ns());
  MAYFLY_ASSERT(opcode == Opcode::drop_link);
  const auto release = server.names().drop_link(id, wall_clock_ns());
  server.settle(release);
  return to_status(to_errc(release));
}

}  // namespace

Task<Status> tell_home(Server& server, Opcode opcode, FileId id, FileId parent) {
  // Most files are made, and stay, where their names are: there a message takes longer than all
  // else.
  if (id.home() == server.index()) co_return note_at_home(server, opcode, id, parent);
  RequestHeader header = about(opcode, id);
  header.offset = parent.home_and_salt;
  header.length = parent.serial;
  co_return status_of(co_await server.peers().call_home(header));
}

Task<void> link(Server& server, Request request) {
  const auto body = decode_dentry(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const FileId parent = request.header.file;
  // Before anything is wrong with the file, and before its count shows what does not come to be.
  const auto there = server.names().lookup(parent, body->name);
  if (there) co_return server.reply(request, Errc::exists);
  if (there.error() != Errc::no_entry && there.error() != Errc::busy) {
    co_return server.reply(request, there.error());
  }
  // First the count and then the name: what has a name is never taken for an orphan.
  const Status counted = co_await tell_home(server, Opcode::add_link, body->id);
  if (!counted) co_return server.reply(request, counted.error());
  std::string name(body->name);
  const Status added = co_await add_name(server, parent, std::move(name), *body);
  if (added) co_return server.reply(request, Errc::ok);
  const Status taken_back = co_await tell_home(server, Opcode::drop_link, body->id);
  server.reply(request, taken_back ? added.error() : taken_back.error());
}

void add_link(Server& server, const Request& request) {
  server.reply(request, to_errc(note_at_home(server, Opcode::add_link, request.header.file, {})));
}

void drop_link(Server& server, const Request& request) {
  server.reply(request, to_errc(note_at_home(server, Opcode::drop_link, request.header.file, {})));
}

void note_rename(Server& server, const Request& request) {
  const FileId parent{request.header.offset, request.header.length};
  const Status noted = note_at_home(server, Opcode::note_rename, request.header.file, parent);
  server.reply(request, to_errc(noted));
}

void remove_file(Server& server, Request& request) {
  const auto name = decode_name(request.body.payload());
  if (!name) return server.reply(request, name.error());
  const FileId parent = request.header.file;
  const auto release = server.names().remove_file(parent, *name, wall_clock_ns());
  if (is_fenced(server, release, parent, *name)) {
    return server.loop().spawn(remove_later(server, std::move(request)));
  }
  server.settle(release);
  if (release && (release->is_elsewhere || server.names().must_announce(parent))) {
    const FileId elsewhere = release->is_elsewhere ? release->attributes.id : FileId();
    return server.loop().spawn(finish_removal(server, std::move(request), elsewhere));
  }
  server.reply(request, release ? Errc::ok : release.error());
}

}  // namespace mayfly
