// write: bytes from a slot, from the message, or from the sender's memory to a chunk.
#include "server/operation.h"

namespace mayfly {

static_assert(kMaxPieceBytes == kSectionBytes, "a slot becomes the memory of a section as it is");

namespace {

bool is_sane(const Request& request, const ChunkRange& range) {
  const std::uint64_t payload = request.body.payload_bytes();
  return range.length > 0 && range.offset <= kChunkMaxBytes &&
         is_in_one_section(range.offset, range.length) &&
         payload == (request.has(request_flags::kSlot) ? 0 : range.length);
}

/// invalid: the slot is not the client's.
Result<Arrived> take_slot(Request& request) {
  auto& slots = request.connection->write_slots;
  const auto slot = slots.find(request.header.argument);
  if (slot == slots.end()) return Errc::invalid;
  Arrived payload(std::move(slot->second));
  slots.erase(slot);
  return payload;
}

/// What becomes of the slot of a finished write.
struct Settled {
  std::uint64_t slot = 0;
  std::uint16_t flags = 0;
};

/// Gives the client a slot for its next write: the one that it had, or another if the store has
/// kept its Buffer, or none.
Settled settle_slot(Server& server, const Request& request, Buffer buffer) {
  Connection& connection = *request.connection;
  const bool keep = request.has(request_flags::kKeepSlot) && !connection.dead &&
                    !server.pool().has_waiters(BufferClass::large) &&
                    connection.leased <= server.slot_share(connection);
  if (keep && !buffer) buffer = server.pool().try_acquire(BufferClass::large);
  if (!keep || !buffer) {
    --connection.leased;
    return {};
  }
  const std::uint64_t offset = buffer.slab_offset();
  connection.write_slots.emplace(offset, std::move(buffer));
  return {offset, reply_flags::kSlotKept};
}

/// With a write to a chunk that the file's home holds the size needs no report of its own. Whether
/// it is noted now.
bool note_size(Server& server, const Request& request, const ChunkWrite& write) {
  const std::uint64_t chunk_bytes = request.header.uid_or_generation;
  if (!request.has(request_flags::kHasSize) || write.chunk.file.home() != server.index())
    return false;
  if (chunk_bytes == 0 || write.chunk.index >= kMaxFileBytes / chunk_bytes) return false;
  SizeReport report;
  report.size = write.chunk.index * chunk_bytes + write.range.offset + write.range.length;
  report.truncate_generation = write.effect.generation;
  report.pages = write.effect.pages_taken;
  report.modified_ns = wall_clock_ns();
  return report.size <= kMaxFileBytes && server.names().report_size(write.chunk.file, report);
}

void note_written(Server& server, ChunkWrite& write, std::uint64_t pages_taken) {
  write.data->modified_ns = wall_clock_ns();
  write.effect.pages_taken = static_cast<std::uint32_t>(pages_taken);
  server.statistics().note_written(write.range.length);
}

}  // namespace

Task<Result<Arrived>> receive_payload(Server& server, Request& request, std::uint64_t offset) {
  const std::size_t bytes = request.body.payload_bytes();
  if (!request.body.is_rendezvous()) co_return Arrived(request.body.payload());
  const BufferClass size_class = class_for(offset, bytes);
  Semaphore::Permit permit;
  if (size_class == BufferClass::large) permit = co_await request.connection->transfers.acquire();
  Buffer buffer = co_await server.acquire(size_class);
  const MutableBytes into(buffer.data() + place_in_slot(offset), bytes);
  const Status received = co_await request.body.receive(into);
  if (!received) co_return received.error();
  co_return Arrived(std::move(buffer));
}

Task<Transfer> write_chunk(Server& server, ChunkWrite& write, Arrived payload) {
  Server::FileData& data = *write.data;
  auto permit = co_await data.users.acquire();
  if (data.dropped) co_return Transfer(std::move(payload.buffer), Errc::no_entry);
  // A record whose place was given before the file was cut gets a new place.
  if (write.appended_under && *write.appended_under < data.generation) {
    co_return Transfer(std::move(payload.buffer), Errc::stale);
  }
  write.effect.generation = data.generation;
  const ChunkRange& range = write.range;
  Transfer written(Buffer(), range.length);
  if (payload.buffer) {
    Task<Transfer> writing =
        server.store().write(write.chunk, range.offset, std::move(payload.buffer), range.length);
    written = co_await std::move(writing);
  } else {
    const Bytes bytes = payload.bytes.first(range.length);
    const auto taken = co_await server.store().write(write.chunk, range.offset, bytes);
    if (taken) written.pages_taken = *taken;
    if (!taken) written.bytes = taken.error();
  }
  if (written.bytes) note_written(server, write, written.pages_taken);
  co_return written;
}

bool try_write(Server& server, Request& request) {
  const RequestHeader& header = request.header;
  const ChunkRange range = unpack(header.length);
  const Bytes bytes = request.body.payload();
  if (bytes.empty() || !is_sane(request, range) || request.has(request_flags::kAppend)) {
    return false;
  }
  ChunkWrite write{server.data_of(header.file), {header.file, header.offset}, range, {}, {}};
  const auto permit = write.data->users.try_acquire();
  if (!permit) return false;
  const auto taken = server.store().try_write(write.chunk, range.offset, bytes);
  if (!taken) return false;
  if (!*taken) {
    server.reply(request, taken->error());
    return true;
  }
  write.effect.generation = write.data->generation;
  note_written(server, write, **taken);
  const bool is_noted = note_size(server, request, write);
  server.reply(request, Errc::ok, 0, pack_effect(write.effect),
               is_noted ? reply_flags::kSizeNoted : 0);
  return true;
}

Task<void> write(Server& server, Request request) {
  const RequestHeader& header = request.header;
  const ChunkRange range = unpack(header.length);
  if (!is_sane(request, range)) co_return server.reply(request, Errc::bad_message);
  ChunkWrite write{server.data_of(header.file), {header.file, header.offset}, range, {}, {}};
  if (request.has(request_flags::kAppend)) write.appended_under = header.uid_or_generation;
  Result<Arrived> payload = Errc::invalid;
  if (request.has(request_flags::kSlot)) {
    payload = take_slot(request);
  } else {
    payload = co_await receive_payload(server, request, range.offset);
  }
  if (!payload) co_return server.reply(request, payload.error());
  Task<Transfer> writing = write_chunk(server, write, std::move(*payload));
  Transfer written = co_await std::move(writing);
  Settled settled;
  if (request.has(request_flags::kSlot)) {
    settled = settle_slot(server, request, std::move(written.buffer));
  }
  if (written.bytes && note_size(server, request, write)) settled.flags |= reply_flags::kSizeNoted;
  server.reply(request, to_errc(written.bytes), settled.slot, pack_effect(write.effect),
               settled.flags);
}

}  // namespace mayfly
