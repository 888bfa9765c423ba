// stage_data, settle_staged: bytes between a chunk and a file of the server's node, so that the
// client's cores and memory have nothing to do with them.
#include <algorithm>
#include <cstring>

#include "protocol/digest.h"
#include "server/node_file.h"
#include "server/operation.h"

namespace mayfly {
namespace {

/// Files that one client may have open here; those beyond are opened for each of their pieces.
constexpr std::size_t kMostOpen = 64;

struct Staging {
  std::shared_ptr<NodeFile> file;
  bool is_once;  ///< nobody else uses it
};

Task<Result<Staging>> open_staged(Server& server, Request& request, NodeFileBody body) {
  auto& staged = request.connection->staged;
  const NodeFileKey key = key_of(body);
  const auto known = staged.find(key);
  Staging staging{known != staged.end() ? known->second : nullptr, false};
  if (staging.file == nullptr) {
    staging.file = std::make_shared<NodeFile>(server.loop(), *server.ring());
    staging.is_once = body.has(NodeFileBody::kOnce) || staged.size() >= kMostOpen;
    if (!staging.is_once) staged.emplace(key, staging.file);
  }
  const Status opened = co_await staging.file->ensure_open(key.first, body);
  if (opened) co_return staging;
  if (const auto mine = staged.find(key); mine != staged.end() && mine->second == staging.file) {
    staged.erase(mine);
  }
  co_return opened.error();
}

/// A request under way: what it is about, and what has come of it.
struct Move {
  RingFile file;
  ChunkWrite write;  ///< or read
  std::uint64_t offset;
  Errc error = Errc::ok;
  Digest digest{};
  /// Where the bytes stand in a Buffer: for the store to write, and as it has read them.
  std::size_t place() const { return place_in_slot(write.range.offset); }
  std::size_t in_page() const { return write.range.offset % kPageBytes; }
};

Task<void> stage_in(Server& server, Move& move, Buffer buffer) {
  const std::uint64_t length = move.write.range.length;
  const std::uint64_t asked = move.file.direct ? round_up(length, kPageBytes) : length;
  Task<Transfer> reading =
      server.ring()->read(move.file, std::move(buffer), move.place(), move.offset, asked);
  Transfer got = co_await std::move(reading);
  move.error = to_errc(got.bytes);
  // Shorter than the client has seen it.
  if (got.bytes && *got.bytes < length) move.error = Errc::again;
  if (move.error != Errc::ok) co_return;
  move.digest = Digest::of(Bytes(got.buffer.data() + move.place(), length));
  Task<Transfer> writing = write_chunk(server, move.write, Arrived(std::move(got.buffer)));
  const Transfer written = co_await std::move(writing);
  move.error = to_errc(written.bytes);
}

Task<void> stage_out(Server& server, Move& move, Buffer buffer) {
  const ChunkRange range = move.write.range;
  Task<Transfer> reading =
      server.store().read(move.write.chunk, range.offset, std::move(buffer), range.length);
  Transfer got = co_await std::move(reading);
  move.error = to_errc(got.bytes);
  if (!got.bytes) co_return;
  server.statistics().note_read(*got.bytes);
  std::byte* const bytes = got.buffer.data() + move.in_page();
  // Behind the chunk's end is a hole: the file is longer.
  std::memset(bytes + *got.bytes, 0, range.length - *got.bytes);
  move.digest = Digest::of(Bytes(bytes, range.length));
  Task<Transfer> writing = server.ring()->write(move.file, std::move(got.buffer), move.in_page(),
                                                move.offset, range.length);
  const Transfer written = co_await std::move(writing);
  move.error = to_errc(written.bytes);
}

Task<void> stage(Server& server, Connection& connection, bool goes_out, Move& move) {
  const std::size_t length = round_up(move.write.range.length, kPageBytes);
  const BufferClass size_class =
      class_for(goes_out ? move.in_page() : move.write.range.offset, length);
  Semaphore::Permit permit;
  if (size_class == BufferClass::large) permit = co_await connection.transfers.acquire();
  Buffer buffer = co_await server.acquire(size_class);
  Task<void> moving = goes_out ? stage_out(server, move, std::move(buffer))
                               : stage_in(server, move, std::move(buffer));
  co_await std::move(moving);
}

bool is_sane(const RequestHeader& header) {
  const ChunkRange range = unpack(header.length);
  return range.length > 0 && range.offset <= kChunkMaxBytes &&
         is_in_one_section(range.offset, round_up(range.length, kPageBytes)) &&
         header.argument <= kMaxFileBytes;
}

}  // namespace

Task<void> stage_data(Server& server, Request request) {
  const RequestHeader& header = request.header;
  const auto body = decode_node_file(request.body.payload());
  if (!body || !is_sane(header)) co_return server.reply(request, Errc::bad_message);
  if (server.ring() == nullptr) co_return server.reply(request, Errc::cross_device);
  Move move{
      {},
      {server.data_of(header.file), {header.file, header.offset}, unpack(header.length), {}, {}},
      header.argument};
  const auto staging = co_await open_staged(server, request, *body);
  if (!staging) co_return server.reply(request, staging.error());
  move.file = staging->file->file();
  const bool goes_out = body->has(NodeFileBody::kOut);
  co_await stage(server, *request.connection, goes_out, move);
  if (move.error == Errc::ok && staging->is_once && goes_out) {
    move.error = to_errc(co_await staging->file->sync());
  }
  server.reply(request, move.error, move.write.range.length, pack_effect(move.write.effect), 0,
               as_wire(move.digest));
}

Task<void> settle_staged(Server& server, Request request) {
  const auto body = decode_node_file(request.body.payload());
  if (!body) co_return server.reply(request, Errc::bad_message);
  auto& staged = request.connection->staged;
  const auto known = staged.find(key_of(*body));
  if (known == staged.end()) co_return server.reply(request, Errc::ok);
  const std::shared_ptr<NodeFile> file = known->second;
  staged.erase(known);
  Status synced;
  if (body->has(NodeFileBody::kOut)) synced = co_await file->sync();
  server.reply(request, to_errc(synced));
}

}  // namespace mayfly
