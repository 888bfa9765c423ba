// lease_slot, release_slot: the credits of the RMA path.
//
// A write slot is a large Buffer that a client may put into. A client asks for one when it has none
// free, and keeps it from write to write only while it has more to write; so an idle client holds
// none. Each connection's share is equal; one that holds more, or that holds any while others wait
// for memory, gives up the slot of the write that ends next. A read slot, a part of a Buffer
// that others may read as well, is lent for a time.
#include "server/operation.h"

namespace mayfly {

Task<void> lease_slot(Server& server, Request request) {
  Connection& connection = *request.connection;
  if (connection.leased >= server.slot_share(connection)) {
    // The client has slots of its own in flight and waits for one of those.
    co_return server.reply(request, Errc::busy);
  }
  ++connection.leased;
  Buffer buffer = co_await server.acquire(BufferClass::large);
  if (connection.dead) co_return;
  const std::uint64_t offset = buffer.slab_offset();
  connection.write_slots.emplace(offset, std::move(buffer));
  server.reply(request, Errc::ok, offset);
}

void release_slot(Server& server, const Request& request) {
  Connection& connection = *request.connection;
  const std::uint64_t lease = request.header.length;
  if (lease == 0) {
    if (connection.write_slots.erase(request.header.argument) != 0) --connection.leased;
    return;
  }
  const bool was_theirs = connection.read_slots.erase(lease) != 0;
  if (request.has(request_flags::kConfirm)) {
    server.reply(request, was_theirs ? Errc::ok : Errc::stale);
  }
}

}  // namespace mayfly
