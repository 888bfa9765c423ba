// allocate_data, clear_data: space for a range of a file, and zeros in one, as far as this server
// holds it.
#include <algorithm>
#include <array>

#include "server/operation.h"

namespace mayfly {
namespace {

/// The bytes of one chunk that a request is about.
struct Part {
  std::uint64_t index;
  std::uint64_t begin;  ///< within the chunk
  std::uint64_t end;
};

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t chunk_bytes;
  ColumnOf column;

  Part part_of(std::uint64_t index) const {
    const std::uint64_t chunk_begin = index * chunk_bytes;
    return {index, std::max(begin, chunk_begin) - chunk_begin,
            std::min(end - chunk_begin, chunk_bytes)};
  }
};

Result<Range> range_of(const Request& request) {
  Range range;
  range.begin = request.header.offset;
  range.end = request.header.length;
  range.chunk_bytes = request.header.uid_or_generation;
  range.column = unpack_column(request.header.argument);
  const bool is_sane = range.begin < range.end && range.end <= kMaxFileBytes &&
                       range.chunk_bytes >= kPageBytes && range.chunk_bytes <= kChunkMaxBytes &&
                       range.chunk_bytes % kPageBytes == 0 &&
                       range.column.column < range.column.width;
  if (!is_sane) return Errc::bad_message;
  return range;
}

/// Adds what has been taken to `pages`, also before it fails; as do the others here.
Task<Status> reserve(Server& server, FileId file, Range range, std::int64_t& pages) {
  const StoreUsage usage = server.store().usage();
  const std::uint64_t width = range.column.width;
  const std::uint64_t last = (range.end - 1) / range.chunk_bytes;
  std::uint64_t index = first_in_column(range.column, range.begin / range.chunk_bytes);
  // What no server could ever have room for is not tried chunk by chunk.
  if (index <= last && (last - index) / width * range.chunk_bytes > usage.capacity_bytes) {
    co_return Errc::no_space;
  }
  for (; index <= last; index += width) {
    const Part part = range.part_of(index);
    const PageRange wanted = pages_of(part.begin, part.end - part.begin);
    const auto taken = co_await server.store().reserve({file, index}, wanted);
    if (!taken) co_return taken.error();
    pages += static_cast<std::int64_t>(*taken);
  }
  co_return Status();
}

/// Zeros over [begin, end), which is within one page; a hole has them.
Task<Status> write_zeros(Server& server, ChunkId chunk, std::uint64_t begin, std::uint64_t end,
                         std::int64_t& pages) {
  if (begin >= end || server.store().next_data(chunk, begin) >= end) co_return Status();
  static constexpr std::array<std::byte, kPageBytes> kZeros{};
  const auto taken = co_await server.store().write(chunk, begin, Bytes(kZeros).first(end - begin));
  if (!taken) co_return taken.error();
  pages += static_cast<std::int64_t>(*taken);
  co_return Status();
}

Task<Status> clear_part(Server& server, FileId file, Part part, std::uint64_t chunk_end,
                        bool keeps_space, std::int64_t& pages) {
  const ChunkId chunk{file, part.index};
  const std::uint64_t end = std::min(part.end, chunk_end);
  const auto first = static_cast<std::uint32_t>(round_up(part.begin, kPageBytes) / kPageBytes);
  const auto last = static_cast<std::uint32_t>(part.end / kPageBytes);
  const bool reaches_end = part.end >= chunk_end;
  if (first < last) {
    const auto freed = co_await server.store().punch(chunk, {first, last}, keeps_space);
    if (!freed) co_return freed.error();
    pages -= static_cast<std::int64_t>(*freed);
  }
  if (first <= last && reaches_end && part.end % kPageBytes != 0) {
    // Nothing behind the range counts in its last page; but that may be reserved.
    const auto zeroed = co_await server.store().punch(chunk, {last, last + 1}, true);
    if (!zeroed) co_return zeroed.error();
  }
  const std::uint64_t head_end = std::min(first * kPageBytes, end);
  MAYFLY_CO_CHECKED(co_await write_zeros(server, chunk, part.begin, head_end, pages));
  if (reaches_end) co_return Status();
  co_return co_await write_zeros(server, chunk, std::max(last * kPageBytes, head_end), end, pages);
}

Task<Status> clear(Server& server, FileId file, Range range, bool keeps_space,
                   std::int64_t& pages) {
  for (const ChunkExtent& chunk : server.store().chunks_of(file)) {
    const std::uint64_t begin = chunk.index * range.chunk_bytes;
    if (begin >= range.end || begin + range.chunk_bytes <= range.begin) continue;
    const Part part = range.part_of(chunk.index);
    MAYFLY_CO_CHECKED(co_await clear_part(server, file, part, chunk.end_bytes, keeps_space, pages));
  }
  co_return Status();
}

}  // namespace

Task<void> allocate_data(Server& server, Request request) {
  const auto range = range_of(request);
  if (!range) co_return server.reply(request, range.error());
  const FileId file = request.header.file;
  const std::shared_ptr<Server::FileData> data = server.data_of(file);
  const auto permit = co_await data->users.acquire();
  if (data->dropped) co_return server.reply(request, Errc::no_entry);
  data->modified_ns = wall_clock_ns();
  std::int64_t pages = 0;
  const Status reserved = co_await reserve(server, file, *range, pages);
  server.reply(request, to_errc(reserved), static_cast<std::uint64_t>(pages), data->generation);
}

Task<void> clear_data(Server& server, Request request) {
  const auto range = range_of(request);
  if (!range) co_return server.reply(request, range.error());
  const FileId file = request.header.file;
  const std::shared_ptr<Server::FileData> data = server.data_of(file);
  // Alone: what is beyond a chunk's end may be cleared only if nobody writes there meanwhile.
  const auto permit = co_await data->users.acquire(Server::FileData::kAll);
  if (data->dropped) co_return server.reply(request, Errc::no_entry);
  const bool keeps_space = request.has(request_flags::kKeepSpace);
  data->modified_ns = wall_clock_ns();
  std::int64_t pages = 0;
  const Status cleared = co_await clear(server, file, *range, keeps_space, pages);
  server.reply(request, to_errc(cleared), static_cast<std::uint64_t>(pages), data->generation);
}

}  // namespace mayfly
