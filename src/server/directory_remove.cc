// remove_directory: freeze on all servers, count, then bury or thaw.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

Task<Status> to_everyone(Server& server, Opcode opcode, FileId directory, std::uint64_t& sum) {
  std::vector<std::uint32_t> everyone = server.peers().everyone();
  co_return co_await server.peers().ask(std::move(everyone), about(opcode, directory), sum);
}

/// The caller holds the name.
Task<Status> remove_held(Server& server, FileId parent, std::string name, Entry directory) {
  if (directory.type != DentryType::directory) co_return Errc::not_a_directory;
  MAYFLY_CO_CHECKED(co_await freeze_if_empty(server, directory.id));
  server.names().drop(parent, name, wall_clock_ns());
  co_await announce(server, parent);
  co_return co_await bury(server, directory.id);
}

Task<Status> remove(Server& server, FileId parent, std::string name) {
  const auto entry = co_await hold_when_free(server, parent, name);
  if (!entry) co_return entry.error();
  Status status = Errc::no_entry;
  if (entry->has_value()) status = co_await remove_held(server, parent, name, **entry);
  release_held(server, parent, name);
  co_return status;
}

}  // namespace

Task<Status> freeze_if_empty(Server& server, FileId directory) {
  std::uint64_t children = 0;
  Status status = co_await to_everyone(server, Opcode::freeze_directory, directory, children);
  if (status && children == 0) co_return Status();
  if (status) status = Errc::not_empty;
  const Status thawed = co_await thaw_everywhere(server, directory);
  co_return thawed ? status : thawed;
}

Task<Status> thaw_everywhere(Server& server, FileId directory) {
  std::uint64_t unused = 0;
  co_return co_await to_everyone(server, Opcode::thaw_directory, directory, unused);
}

Task<Status> bury(Server& server, FileId directory) {
  const Status dropped = co_await tell_home(server, Opcode::drop_link, directory);
  std::uint64_t unused = 0;
  const Status entombed = co_await to_everyone(server, Opcode::entomb_directory, directory, unused);
  co_return dropped ? entombed : dropped;
}

Task<void> remove_directory(Server& server, Request request) {
  const auto name = decode_name(request.body.payload());
  if (!name) co_return server.reply(request, name.error());
  const Status status = co_await remove(server, request.header.file, std::string(*name));
  server.reply(request, to_errc(status));
}

void freeze_directory(Server& server, const Request& request) {
  const auto children = server.names().freeze_children(request.header.file);
  if (!children) return server.reply(request, children.error());
  if (*children == 0) {
    request.connection->frozen.insert(request.header.file);
    server.fences().raise(request.header.file);
  }
  server.reply(request, Errc::ok, *children);
}

void thaw(Server& server, FileId directory) {
  server.names().thaw(directory);
  server.fences().lift(directory);
}

void thaw_directory(Server& server, const Request& request) {
  // Of those that another has frozen since nothing is the sender's to thaw.
  if (request.connection->frozen.erase(request.header.file) != 0) {
    thaw(server, request.header.file);
  }
  server.reply(request, Errc::ok);
}

void entomb_directory(Server& server, const Request& request) {
  request.connection->frozen.erase(request.header.file);
  const Status status = server.names().entomb(request.header.file);
  server.fences().lift(request.header.file);
  server.reply(request, to_errc(status));
}

}  // namespace mayfly
