// remove_directory: freeze on all servers, count, then bury or thaw.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

RequestHeader about(Server& server, Opcode opcode, FileId directory) {
  RequestHeader header;
  header.opcode = opcode;
  header.epoch = server.names().epoch();
  header.file = directory;
  return header;
}

Task<Status> to_everyone(Server& server, Opcode opcode, FileId directory, std::uint64_t& sum) {
  const RequestHeader header = about(server, opcode, directory);
  std::vector<std::uint32_t> everyone = server.peers().everyone();
  co_return co_await server.peers().ask(std::move(everyone), header, sum);
}

/// The caller holds the directory's lock.
Task<Status> bury(Server& server, FileId parent, std::string name, FileId directory) {
  std::uint64_t children = 0;
  std::uint64_t unused = 0;
  Status status = co_await to_everyone(server, Opcode::freeze_directory, directory, children);
  if (status && children != 0) status = Errc::not_empty;
  if (status) {
    status = server.names().drop_directory_dentry(parent, name, directory, wall_clock_ns());
  }
  if (!status) {
    const Status thawed = co_await to_everyone(server, Opcode::thaw_directory, directory, unused);
    co_return thawed ? status : thawed;
  }
  co_return co_await to_everyone(server, Opcode::entomb_directory, directory, unused);
}

Task<Status> remove(Server& server, FileId parent, std::string name) {
  const auto entry = server.names().lookup(parent, name);
  if (!entry) co_return entry.error();
  if (entry->type != DentryType::directory) co_return Errc::not_a_directory;
  Status status = Errc::io_error;
  {
    const std::shared_ptr<Semaphore> lock = server.lock_of(entry->id);
    const auto permit = co_await lock->acquire();
    status = co_await bury(server, parent, std::move(name), entry->id);
  }
  server.drop_lock(entry->id);
  co_return status;
}

}  // namespace

Task<void> remove_directory(Server& server, Request request) {
  const auto body = decode_name(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  std::string name(body->name);
  const Status status = co_await remove(server, request.header.file, std::move(name));
  server.reply(request, to_errc(status));
}

void freeze_directory(Server& server, const Request& request) {
  const auto children = server.names().freeze_children(request.header.file);
  if (!children) return server.reply(request, children.error());
  if (*children == 0) {
    request.connection->frozen.insert(request.header.file);
    server.frozen().emplace(request.header.file, std::make_shared<Semaphore>(0));
  }
  server.reply(request, Errc::ok, *children);
}

namespace {

void let_waiters_go(Server& server, FileId directory) {
  const auto found = server.frozen().find(directory);
  if (found == server.frozen().end()) return;
  const std::shared_ptr<Semaphore> waiters = std::move(found->second);
  server.frozen().erase(found);
  // The permit's end hands it to the first waiter, who passes it on.
  const Semaphore::Permit permit(*waiters, 1);
}

}  // namespace

void thaw(Server& server, FileId directory) {
  server.names().thaw(directory);
  let_waiters_go(server, directory);
}

void thaw_directory(Server& server, const Request& request) {
  request.connection->frozen.erase(request.header.file);
  thaw(server, request.header.file);
  server.reply(request, Errc::ok);
}

void entomb_directory(Server& server, const Request& request) {
  request.connection->frozen.erase(request.header.file);
  const Status status = server.names().entomb(request.header.file);
  let_waiters_go(server, request.header.file);
  server.reply(request, to_errc(status));
}

Task<void> wait_for_thaw(Server& server, FileId directory) {
  const auto found = server.frozen().find(directory);
  if (found == server.frozen().end()) co_return;
  const std::shared_ptr<Semaphore> waiters = found->second;
  auto permit = co_await waiters->acquire();
}

}  // namespace mayfly
