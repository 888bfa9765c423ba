// set_lock, test_lock, note_waits: locks of ranges and of whole files.
#include "protocol/bodies.h"
#include "server/operation.h"

namespace mayfly {
namespace {

Lock lock_of(const LockBody& body, const Connection& connection) {
  Lock lock;
  lock.begin = body.begin;
  lock.last = body.last;
  lock.type = body.type;
  lock.owner = body.owner;
  lock.process = body.process;
  lock.connection = connection.cookie;
  return lock;
}

}  // namespace

Task<void> set_lock(Server& server, Request request) {
  const auto body = decode_lock(request.body.payload());
  if (!body) co_return server.reply(request, body.error());
  const auto file = server.names().get_attributes(request.header.file);
  // A removed directory's locks can still be given up.
  const bool gives_up = body->type == LockType::none;
  if (!file && !gives_up) co_return server.reply(request, file.error());
  const Lock lock = lock_of(*body, *request.connection);
  const Status set =
      co_await server.file_locks().set(request.header.file, body->kind, lock, body->waits != 0);
  server.reply(request, to_errc(set));
}

void test_lock(Server& server, const Request& request) {
  const auto body = decode_lock(request.body.payload());
  if (!body) return server.reply(request, body.error());
  const Lock wanted = lock_of(*body, *request.connection);
  const Lock* const found = server.file_locks().test(request.header.file, body->kind, wanted);
  if (found == nullptr) return server.reply(request, Errc::ok);
  LockBody held;
  held.begin = found->begin;
  held.last = found->last;
  held.type = found->type;
  held.kind = body->kind;
  held.process = found->process;
  server.reply(request, Errc::ok, 0, 0, reply_flags::kMore, as_wire(held));
}

Task<void> note_waits(Server& server, Request request) {
  const auto waits = decode_waits(request.body.payload());
  if (!waits) co_return server.reply(request, waits.error());
  std::vector<std::uint64_t> circles;
  for (const WaitBody& wait : *waits) {
    if (!server.waits().update(wait.id, wait.waiter, wait.holders)) circles.push_back(wait.id);
  }
  const ReplyHeader header = server.reply_header(request, Errc::ok);
  co_await server.reply_with(request, header, std::as_bytes(std::span(circles)));
}

}  // namespace mayfly
