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
  const BufferClass size_class =
      in_page + range.length <= kBufferBytes[1] ? BufferClass::small : BufferClass::large;
  Semaphore::Permit permit;
  if (size_class == BufferClass::large) permit = co_await request.connection->transfers.acquire();
  Buffer buffer = co_await server.acquire(size_class);
  const ChunkId chunk{request.header.file, request.header.offset};
  Task<Transfer> reading =
      server.store().read(chunk, range.offset, std::move(buffer), range.length);
  Transfer got = co_await std::move(reading);
  if (!got.bytes) co_return server.reply(request, got.bytes.error());
  const std::size_t bytes = *got.bytes;
  server.statistics().note_read(bytes);
  if (to_slot && bytes != 0 && !request.connection->dead) {
    const std::uint64_t offset = got.buffer.slab_offset();
    ReadSlot slot{std::move(got.buffer), std::move(permit), request.header.request_id,
                  server.loop().now()};
    request.connection->read_slots.insert_or_assign(offset, std::move(slot));
    co_return server.reply(request, Errc::ok, bytes, offset + in_page, reply_flags::kInSlot);
  }
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.value = bytes;
  co_await server.reply_with(request, header, Bytes(got.buffer.data() + in_page, bytes));
}

}  // namespace mayfly
