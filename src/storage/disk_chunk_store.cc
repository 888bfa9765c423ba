#include "storage/disk_chunk_store.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "async/task_group.h"
#include "base/broken.h"

namespace mayfly {
namespace {

/// Appends the runs of `pages` on the disk, which all have places. `buffer_offset` is where the
/// first page stands in the Buffer.
void append_spans(const Chunk& chunk, PageRange pages, std::size_t buffer_offset,
                  std::vector<IoSpan>& spans) {
  while (!pages.empty()) {
    const PageMap::Run run = chunk.places.run(pages);
    MAYFLY_ASSERT(run.mapped());
    const std::size_t bytes = run.pages.pages() * kPageBytes;
    spans.push_back({buffer_offset, run.extent.page * kPageBytes, bytes, 0});
    buffer_offset += bytes;
    pages.begin = run.pages.end;
  }
}

std::size_t bytes_of(const std::vector<IoSpan>& spans) {
  std::size_t bytes = 0;
  for (const IoSpan& span : spans) bytes += span.length;
  return bytes;
}

/// A page that has been written is never behind the end of the data file.
void require(Transfer& transfer, std::size_t bytes) {
  if (transfer.bytes && *transfer.bytes != bytes) transfer.bytes = Errc::io_error;
}

}  // namespace

DiskChunkStore::Claim::Claim(DiskChunkStore& store, ChunkId id, Chunk& chunk)
    : store_(&store), id_(id), chunk_(&chunk) {
  ++chunk.users;
}

DiskChunkStore::Claim::Claim(Claim&& other) noexcept
    : store_(other.store_),
      id_(other.id_),
      chunk_(std::exchange(other.chunk_, nullptr)),
      guard_(std::move(other.guard_)) {
  other.guard_.reset();
}

DiskChunkStore::Claim::~Claim() {
  if (chunk_ == nullptr) return;
  guard_.reset();
  --chunk_->users;
  store_->remove_if_gone(id_, *chunk_);
}

DiskChunkStore::DiskChunkStore(Ring& ring, DataFile file)
    : ring_(ring), space_(ring, std::move(file)) {}

DiskChunkStore::~DiskChunkStore() = default;

std::vector<ChunkExtent> DiskChunkStore::chunks_of(FileId file) const {
  return chunks_.chunks_of(file);
}

std::vector<FileSpace> DiskChunkStore::files() const { return chunks_.files(); }

Result<void, Failure> DiskChunkStore::check() const {
  std::uint64_t used = 0;
  std::vector<Extent> extents = space_.allocator().free_extents();
  chunks_.visit([&](const Chunk& chunk) {
    used += chunk.used_pages;
    for (PageRange rest{0, kChunkMaxPages}; !rest.empty();) {
      const PageMap::Run run = chunk.places.run(rest);
      if (run.mapped()) extents.push_back(run.extent);
      rest.begin = run.pages.end;
    }
  });
  if (used * kPageBytes != usage().used_bytes) {
    return broken("chunks have {} pages, and {} bytes count as used", used, usage().used_bytes);
  }
  std::sort(extents.begin(), extents.end(), [](auto& a, auto& b) { return a.page < b.page; });
  std::uint64_t next = 0;
  for (const Extent& extent : extents) {
    if (extent.page != next) {
      return broken("pages from {} on {}", std::min(next, extent.page),
                    extent.page > next ? "belong to nobody" : "are there twice");
    }
    next += extent.pages;
  }
  if (next == space_.allocator().total_pages()) return {};
  return broken("pages from {} on belong to nobody", next);
}

void DiskChunkStore::remove_if_gone(ChunkId id, Chunk& chunk) {
  if (chunk.users != 0 || chunk.end_bytes != 0 || chunk.is_reserved) return;
  space_.unmap(chunk, {0, kChunkMaxPages});
  chunks_.erase(id);
}

Task<Transfer> DiskChunkStore::write(ChunkId id, std::uint64_t offset, Buffer buffer,
                                     std::size_t length) {
  MAYFLY_ASSERT(length > 0 && offset % kPageBytes + length <= buffer.size());
  if (offset > kChunkMaxBytes || length > kChunkMaxBytes - offset) {
    co_return Transfer(std::move(buffer), Errc::file_too_big);
  }
  Claim claim(*this, id, chunks_.find_or_make(id));
  const PageRange pages = pages_of(offset, length);
  RangeLock::Guard guard = co_await claim.chunk().lock.acquire(pages, LockMode::exclusive);
  claim.hold(std::move(guard));
  Task<Transfer> work = write_held(std::move(claim), offset, std::move(buffer), length);
  co_return co_await writes_.carry_through(std::move(work));
}

Task<Transfer> DiskChunkStore::write_held(Claim claim, std::uint64_t offset, Buffer buffer,
                                          std::size_t length) {
  // Parameters live as long as the frame; the pages are to be let go of at the end of the work.
  const Claim held = std::move(claim);
  Chunk& chunk = held.chunk();
  const PageRange pages = pages_of(offset, length);
  const std::vector<PageRange> unused = ChunkSpace::unused(chunk, pages);
  Status status;
  std::uint64_t taken = 0;
  if (!space_.try_map(chunk, pages, taken)) status = co_await space_.map(chunk, pages, taken);
  Transfer transfer(std::move(buffer), length);
  if (!status) transfer.bytes = status.error();
  if (transfer.bytes && (offset % kPageBytes != 0 || (offset + length) % kPageBytes != 0)) {
    transfer = co_await fill_edges(chunk, offset, std::move(transfer.buffer), length);
  }
  if (transfer.bytes) {
    std::vector<IoSpan> spans = spans_to_write(chunk, pages);
    Task<Transfer> moving = move(Direction::write, std::move(spans), std::move(transfer.buffer));
    transfer = co_await std::move(moving);
  }
  if (!transfer.bytes) {
    for (const PageRange range : unused) space_.unmap(chunk, range);
    co_return std::move(transfer);
  }
  chunk.written.insert(pages);
  chunk.stale_tails.erase(pages);
  chunk.end_bytes = std::max(chunk.end_bytes, offset + length);
  co_return Transfer(std::move(transfer.buffer), length, taken);
}

Task<Transfer> DiskChunkStore::fill_edges(Chunk& chunk, std::uint64_t offset, Buffer buffer,
                                          std::size_t length) {
  const PageRange pages = pages_of(offset, length);
  const std::size_t begin = offset % kPageBytes;
  const std::size_t end = begin + length;
  Transfer transfer(std::move(buffer), length);
  if (begin != 0) {
    const std::size_t keep_end = std::min(end, kPageBytes);
    transfer =
        co_await fill_around(chunk, pages.begin, std::move(transfer.buffer), 0, begin, keep_end);
  }
  const bool last_page_is_done = begin != 0 && pages.pages() == 1;
  if (transfer.bytes && end % kPageBytes != 0 && !last_page_is_done) {
    const std::size_t at = round_down(end, kPageBytes);
    transfer =
        co_await fill_around(chunk, pages.end - 1, std::move(transfer.buffer), at, 0, end - at);
  }
  co_return std::move(transfer);
}

Task<Transfer> DiskChunkStore::fill_around(Chunk& chunk, std::uint32_t page, Buffer buffer,
                                           std::size_t at, std::size_t keep_begin,
                                           std::size_t keep_end) {
  std::byte* data = buffer.data() + at;
  if (!chunk.written.contains(page)) {
    std::memset(data, 0, keep_begin);
    std::memset(data + keep_end, 0, kPageBytes - keep_end);
    co_return Transfer(std::move(buffer), kPageBytes);
  }
  // Reading the old page over the payload needs no second Buffer, hence can wait for none.
  const std::vector<std::byte> kept(data + keep_begin, data + keep_end);
  std::vector<IoSpan> spans;
  append_spans(chunk, {page, page + 1}, at, spans);
  Task<Transfer> moving = move(Direction::read, std::move(spans), std::move(buffer));
  Transfer transfer = co_await std::move(moving);
  require(transfer, kPageBytes);
  if (transfer.bytes) {
    chunk.stale_tails.zero(data, {page, page + 1});
    std::memcpy(data + keep_begin, kept.data(), kept.size());
  }
  co_return std::move(transfer);
}

Task<Transfer> DiskChunkStore::read(ChunkId id, std::uint64_t offset, Buffer buffer,
                                    std::size_t length) {
  MAYFLY_ASSERT(offset % kPageBytes + length <= buffer.size());
  Chunk* chunk = chunks_.find(id);
  if (chunk == nullptr || length == 0 || offset >= kChunkMaxBytes) {
    co_return Transfer(std::move(buffer), std::size_t{0});
  }
  length = std::min(length, kChunkMaxBytes - offset);
  Claim claim(*this, id, *chunk);
  RangeLock::Guard guard = co_await chunk->lock.acquire(pages_of(offset, length), LockMode::shared);
  claim.hold(std::move(guard));
  if (offset >= chunk->end_bytes) co_return Transfer(std::move(buffer), std::size_t{0});
  const std::size_t bytes = std::min(length, chunk->end_bytes - offset);
  const PageRange pages = pages_of(offset, bytes);
  std::vector<IoSpan> spans = spans_to_read(*chunk, pages, buffer);
  const std::size_t on_disk = bytes_of(spans);
  Task<Transfer> moving = move(Direction::read, std::move(spans), std::move(buffer));
  Transfer transfer = co_await std::move(moving);
  require(transfer, on_disk);
  if (!transfer.bytes) co_return std::move(transfer);
  chunk->stale_tails.zero(transfer.buffer.data(), pages);
  co_return Transfer(std::move(transfer.buffer), bytes);
}

std::vector<IoSpan> DiskChunkStore::spans_to_read(const Chunk& chunk, PageRange pages,
                                                  const Buffer& buffer) {
  std::vector<IoSpan> spans;
  for (PageRange rest = pages; !rest.empty();) {
    const PageRange run = chunk.written.run(rest);
    const std::size_t at = (run.begin - pages.begin) * kPageBytes;
    if (chunk.written.contains(run.begin)) {
      append_spans(chunk, run, at, spans);
    } else {
      std::memset(buffer.data() + at, 0, run.pages() * kPageBytes);
    }
    rest.begin = run.end;
  }
  return spans;
}

std::vector<IoSpan> DiskChunkStore::spans_to_write(const Chunk& chunk, PageRange pages) {
  std::vector<IoSpan> spans;
  append_spans(chunk, pages, 0, spans);
  return spans;
}

Task<Transfer> DiskChunkStore::move(Direction direction, std::vector<IoSpan> spans, Buffer buffer) {
  if (spans.size() != 1) return move_all(direction, std::move(spans), std::move(buffer));
  return ring_.transfer(direction, space_.file(), std::move(buffer), spans.front());
}

Task<Transfer> DiskChunkStore::move_all(Direction direction, std::vector<IoSpan> spans,
                                        Buffer buffer) {
  if (spans.empty()) co_return Transfer(std::move(buffer), std::size_t{0});
  const RingFile file = space_.file();
  const auto shared = std::make_shared<Buffer>(std::move(buffer));
  TaskGroup group;
  for (const IoSpan& span : spans) {
    Task<Status> part = ring_.move_part(direction, file, shared, span);
    group.add(std::move(part));
  }
  const Status status = co_await group.join();
  if (!status) co_return Transfer(std::move(*shared), status.error());
  co_return Transfer(std::move(*shared), bytes_of(spans));
}

Task<Status> DiskChunkStore::sync() {
  const Status status = co_await ring_.sync(space_.file());
  if (synced_ && !status) synced_ = status;
  co_return synced_;
}

Task<Result<std::uint64_t>> DiskChunkStore::truncate(ChunkId id, std::uint64_t end) {
  Chunk* chunk = chunks_.find(id);
  if (chunk == nullptr || end >= kChunkMaxBytes) co_return std::uint64_t{0};
  Claim claim(*this, id, *chunk);
  const PageRange cut{static_cast<std::uint32_t>(end / kPageBytes), kChunkMaxPages};
  RangeLock::Guard guard = co_await chunk->lock.acquire(cut, LockMode::exclusive);
  claim.hold(std::move(guard));
  if (end >= chunk->end_bytes && !chunk->is_reserved) co_return std::uint64_t{0};
  const PageRange freed{pages_of(0, end).end, kChunkMaxPages};
  chunk->written.erase_from(freed.begin);
  chunk->stale_tails.erase(freed);
  chunk->claimed_end = std::min(chunk->claimed_end, freed.begin);
  const std::uint64_t pages_freed = space_.unmap(*chunk, freed);
  if (end < chunk->end_bytes) {
    if (chunk->written.contains(cut.begin)) chunk->stale_tails.mark(cut.begin, end % kPageBytes);
    chunk->end_bytes = end;
  }
  if (end == 0) chunk->is_reserved = false;
  co_return pages_freed;
}

Task<Result<std::uint64_t>> DiskChunkStore::reserve(ChunkId id, PageRange pages) {
  MAYFLY_ASSERT(!pages.empty() && pages.end <= kChunkMaxPages);
  Claim claim(*this, id, chunks_.find_or_make(id));
  Chunk& chunk = claim.chunk();
  RangeLock::Guard guard = co_await chunk.lock.acquire(pages, LockMode::exclusive);
  claim.hold(std::move(guard));
  const std::vector<PageRange> unused = ChunkSpace::unused(chunk, pages);
  Status status;
  std::uint64_t taken = 0;
  if (!space_.try_map(chunk, pages, taken)) status = co_await space_.map(chunk, pages, taken);
  if (!status) {
    for (const PageRange range : unused) space_.unmap(chunk, range);
    co_return status.error();
  }
  chunk.is_reserved = true;
  co_return taken;
}

Task<Result<std::uint64_t>> DiskChunkStore::punch(ChunkId id, PageRange pages, bool keeps_space) {
  Chunk* chunk = chunks_.find(id);
  if (chunk == nullptr || pages.empty()) co_return std::uint64_t{0};
  Claim claim(*this, id, *chunk);
  RangeLock::Guard guard = co_await chunk->lock.acquire(pages, LockMode::exclusive);
  claim.hold(std::move(guard));
  chunk->written.erase(pages);
  chunk->stale_tails.erase(pages);
  co_return keeps_space ? 0 : space_.unmap(*chunk, pages);
}

std::uint64_t DiskChunkStore::next_data(ChunkId id, std::uint64_t offset) const {
  return next(id, offset, true);
}

std::uint64_t DiskChunkStore::next_hole(ChunkId id, std::uint64_t offset) const {
  return next(id, offset, false);
}

std::uint64_t DiskChunkStore::next(ChunkId id, std::uint64_t offset, bool written) const {
  const Chunk* const chunk = chunks_.find(id);
  if (chunk == nullptr || offset >= chunk->end_bytes) return offset;
  const auto page = static_cast<std::uint32_t>(offset / kPageBytes);
  if (chunk->written.contains(page) == written) return offset;
  const PageRange run = chunk->written.run({page, kChunkMaxPages});
  return std::min(chunk->end_bytes, run.end * kPageBytes);
}

}  // namespace mayfly
