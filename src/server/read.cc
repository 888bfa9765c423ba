// read: bytes of a chunk for the client to get from the server's memory, or in the reply.
#include "server/operation.h"

namespace mayfly {
namespace {

bool is_sane(const ChunkRange& range) {
  return range.length > 0 && range.offset <= kChunkMaxBytes &&
         is_in_one_section(range.offset, range.length);
}

/// What memory has of the bytes, or a Buffer of its own for them.
Task<Result<Loan>> read_chunk(Server& server, ChunkId chunk, ChunkRange range) {
  auto lent = co_await server.store().lend(chunk, range.offset, range.length);
  if (!lent) co_return lent.error();
  if (*lent) co_return std::move(**lent);
  const std::size_t in_page = range.offset % kPageBytes;
  Buffer buffer = co_await server.acquire(class_for(in_page, range.length));
  Task<Transfer> reading =
      server.store().read(chunk, range.offset, std::move(buffer), range.length);
  Transfer got = co_await std::move(reading);
  if (!got.bytes) co_return got.bytes.error();
  Loan loan;
  loan.memory = SharedBuffer(std::move(got.buffer));
  loan.at = in_page;
  loan.bytes = *got.bytes;
  co_return loan;
}

}  // namespace

bool try_read(Server& server, Request& request) {
  const ChunkRange range = unpack(request.header.length);
  const Endpoint& client = *request.connection->endpoint;
  if (!is_sane(range) || range.length > kInlineBytes || !client.posts(range.length)) return false;
  const auto loan = server.store().try_lend({request.header.file, request.header.offset},
                                            range.offset, range.length);
  if (!loan) return false;
  server.statistics().note_read(loan->bytes);
  server.reply(request, Errc::ok, loan->bytes, 0, 0,
               Bytes(loan->memory.data() + loan->at, loan->bytes));
  return true;
}

Task<void> read(Server& server, Request request) {
  const ChunkRange range = unpack(request.header.length);
  if (!is_sane(range)) co_return server.reply(request, Errc::bad_message);
  Semaphore::Permit permit;
  const bool is_large = class_for(range.offset % kPageBytes, range.length) == BufferClass::large;
  if (is_large) permit = co_await request.connection->transfers.acquire();
  auto loan = co_await read_chunk(server, {request.header.file, request.header.offset}, range);
  if (!loan) co_return server.reply(request, loan.error());
  const std::size_t bytes = loan->bytes;
  server.statistics().note_read(bytes);
  if (request.has(request_flags::kToSlot) && bytes != 0 && !request.connection->dead) {
    const std::uint64_t place = loan->memory.slab_offset() + loan->at;
    server.lend(*request.connection, request.header.request_id,
                {std::move(loan->memory), std::move(permit), server.loop().now()});
    co_return server.reply(request, Errc::ok, bytes, place, reply_flags::kInSlot);
  }
  ReplyHeader header = server.reply_header(request, Errc::ok);
  header.value = bytes;
  co_await server.reply_with(request, header, Bytes(loan->memory.data() + loan->at, bytes));
}

}  // namespace mayfly
