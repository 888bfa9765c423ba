// read: bytes of a chunk into a slot for the client to get, or into the reply.
#include "server/operation.h"

namespace mayfly {

Task<void> read(Server& server, Request request) {
  const ChunkRange range = unpack(request.header.length);
  const std::size_t in_page = range.offset % kPageBytes;
  if (range.length == 0 || range.offset > 16 * kMiB || in_page + range.length > kMaxPieceBytes) {
    co_return server.reply(request, Errc::bad_message);
  }
  const bool to_slot = request.has(request_flags::kToSlot);
  const bool is_small = in_page + range.length <= kBufferBytes[1] && !to_slot;
  Buffer buffer =
      co_await server.pool().acquire(is_small ? BufferClass::small : BufferClass::large);
  const ChunkId chunk{request.header.file, request.header.offset};
  Task<Transfer> reading =
      server.store().read(chunk, range.offset, std::move(buffer), range.length);
  Transfer got = co_await std::move(reading);
  if (!got.bytes) co_return server.reply(request, got.bytes.error());
  const std::size_t bytes = *got.bytes;
  if (to_slot && bytes != 0 && !request.connection->dead) {
    const std::uint64_t offset = got.buffer.slab_offset();
    request.connection->read_slots.emplace(offset, std::move(got.buffer));
    co_return server.reply(request, Errc::ok, bytes, offset + in_page, reply_flags::kInSlot);
  }
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.value = bytes;
  co_await server.reply_with(request, header, Bytes(got.buffer.data() + in_page, bytes));
}

}  // namespace mayfly
