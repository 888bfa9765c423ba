// write: bytes from a slot, from the message, or from the sender's memory to a chunk.
#include "server/operation.h"

namespace mayfly {
namespace {

bool is_sane(const Request& request, const ChunkRange& range) {
  const std::uint64_t payload = request.body.payload_bytes();
  return range.length > 0 && range.offset <= 16 * kMiB &&
         range.offset % kPageBytes + range.length <= kMaxPieceBytes &&
         payload == (request.has(request_flags::kSlot) ? 0 : range.length);
}

/// invalid: the slot is not the client's.
Result<Buffer> take_slot(Request& request) {
  auto& slots = request.connection->write_slots;
  const auto slot = slots.find(request.header.argument);
  if (slot == slots.end()) return Errc::invalid;
  Buffer buffer = std::move(slot->second);
  slots.erase(slot);
  return buffer;
}

/// Gives the slot of a finished write back to the client or to the pool.
std::uint16_t settle_slot(Server& server, const Request& request, Buffer buffer) {
  Connection& connection = *request.connection;
  const bool keep = request.has(request_flags::kKeepSlot) && !connection.dead &&
                    !server.pool().has_waiters(BufferClass::large) &&
                    connection.leased <= server.slot_share(connection);
  if (!keep) {
    --connection.leased;
    return 0;
  }
  const std::uint64_t offset = buffer.slab_offset();
  connection.write_slots.emplace(offset, std::move(buffer));
  return reply_flags::kSlotKept;
}

}  // namespace

Task<Result<Buffer>> receive_payload(Server& server, Request& request, std::size_t in_page) {
  const std::size_t bytes = request.body.payload_bytes();
  const BufferClass size_class =
      in_page + bytes <= kBufferBytes[1] ? BufferClass::small : BufferClass::large;
  Semaphore::Permit permit;
  if (size_class == BufferClass::large) permit = co_await request.connection->transfers.acquire();
  Buffer buffer = co_await server.acquire(size_class);
  const Status received = co_await request.body.receive({buffer.data() + in_page, bytes});
  if (!received) co_return received.error();
  co_return buffer;
}

Task<Transfer> write_chunk(Server& server, ChunkWrite& write, Buffer buffer) {
  Server::FileData& data = *write.data;
  auto permit = co_await data.users.acquire();
  if (data.dropped) co_return Transfer(std::move(buffer), Errc::no_entry);
  // A record whose place was given before the file was cut gets a new place.
  if (write.appended_under && *write.appended_under < data.generation) {
    co_return Transfer(std::move(buffer), Errc::stale);
  }
  write.effect.generation = data.generation;
  Task<Transfer> writing =
      server.store().write(write.chunk, write.range.offset, std::move(buffer), write.range.length);
  Transfer written = co_await std::move(writing);
  if (written.bytes) {
    data.modified_ns = wall_clock_ns();
    server.statistics().note_written(write.range.length);
  }
  write.effect.pages_taken = static_cast<std::uint32_t>(written.pages_taken);
  co_return written;
}

Task<void> write(Server& server, Request request) {
  const RequestHeader& header = request.header;
  const ChunkRange range = unpack(header.length);
  if (!is_sane(request, range)) co_return server.reply(request, Errc::bad_message);
  ChunkWrite write{server.data_of(header.file), {header.file, header.offset}, range, {}, {}};
  if (request.has(request_flags::kAppend)) write.appended_under = header.uid_or_generation;
  Result<Buffer> payload = Errc::invalid;
  if (request.has(request_flags::kSlot)) {
    payload = take_slot(request);
  } else {
    payload = co_await receive_payload(server, request, range.offset % kPageBytes);
  }
  if (!payload) co_return server.reply(request, payload.error());
  Task<Transfer> writing = write_chunk(server, write, std::move(*payload));
  Transfer written = co_await std::move(writing);
  std::uint16_t flags = 0;
  if (request.has(request_flags::kSlot)) {
    flags = settle_slot(server, request, std::move(written.buffer));
  }
  server.reply(request, to_errc(written.bytes), written.bytes ? *written.bytes : 0,
               pack_effect(write.effect), flags);
}

}  // namespace mayfly
