#include "storage/disk_chunk_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/broken.h"

namespace mayfly {
namespace {

/// The bytes of `page` from `from` on are zeros now, in memory and when it is read again.
void cut_page(Chunk& chunk, std::uint32_t page, std::size_t from) {
  if (from == 0) return;
  chunk.stale_tails.mark(page, from);
  Block* const block = chunk.block(page / kSectionPages);
  if (block == nullptr || !block->has(page)) return;
  std::memset(block->page(page) + from, 0, kPageBytes - from);
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

DiskChunkStore::DiskChunkStore(EventLoop& loop, Ring& ring, BufferPool& pool, DataFile file)
    : ring_(ring), tier_(loop, pool, *this), space_(ring, std::move(file)) {}

DiskChunkStore::~DiskChunkStore() = default;

std::vector<ChunkExtent> DiskChunkStore::chunks_of(FileId file) const {
  return chunks_.chunks_of(file);
}

std::vector<FileSpace> DiskChunkStore::files() const { return chunks_.files(); }

Result<void, Failure> DiskChunkStore::check() const {
  std::uint64_t used = 0;
  std::vector<Extent> extents = space_.allocator().free_extents();
  std::uint64_t dirty = 0;
  chunks_.visit([&](const Chunk& chunk) {
    used += chunk.used_pages;
    for (const auto& block : chunk.blocks) {
      if (block != nullptr) dirty += block->dirty.count({0, block->pages()});
    }
    for (PageRange rest{0, kChunkMaxPages}; !rest.empty();) {
      const PageMap::Run run = chunk.places.run(rest);
      if (run.mapped()) extents.push_back(run.extent);
      rest.begin = run.pages.end;
    }
  });
  if (used * kPageBytes != usage().used_bytes) {
    return broken("chunks have {} pages, and {} bytes count as used", used, usage().used_bytes);
  }
  if (dirty * kPageBytes != tier_.dirty_bytes()) {
    return broken("blocks have {} dirty pages, and {} bytes count so", dirty, tier_.dirty_bytes());
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

StoreUsage DiskChunkStore::usage() const {
  StoreUsage usage = space_.usage();
  usage.dirty_bytes = tier_.dirty_bytes();
  usage.cached_bytes = tier_.cached_bytes();
  return usage;
}

void DiskChunkStore::remove_if_gone(ChunkId id, Chunk& chunk) {
  if (chunk.users != 0 || chunk.end_bytes != 0 || chunk.is_reserved) return;
  for (const auto& block : chunk.blocks) {
    if (block == nullptr) continue;
    tier_.drop(*block, {0, kSectionPages});
    tier_.forget(*block);
  }
  space_.unmap(chunk, {0, kChunkMaxPages});
  chunks_.erase(id);
  if (!faults_.empty() && !chunks_.has_file(id.file)) faults_.erase(id.file);
}

Task<DiskChunkStore::Holds> DiskChunkStore::stop_transfers(Chunk& chunk, PageRange pages) {
  Holds holds;
  for (std::size_t section = 0; section < chunk.blocks.size(); ++section) {
    Block* const block = chunk.blocks[section].get();
    if (block == nullptr || block->own(pages).empty()) continue;
    Semaphore::Permit permit = co_await block->transfers.acquire();
    holds.emplace_back(tier_, *block, std::move(permit));
  }
  co_return holds;
}

void DiskChunkStore::drop(Chunk& chunk, PageRange pages) {
  for (const auto& block : chunk.blocks) {
    if (block != nullptr) tier_.drop(*block, block->own(pages));
  }
  chunk.written.erase(pages);
  chunk.stale_tails.erase(pages);
  chunk.lost.erase(pages);
}

Task<Result<std::uint64_t>> DiskChunkStore::truncate(ChunkId id, std::uint64_t end) {
  Chunk* chunk = chunks_.find(id);
  if (chunk == nullptr || end >= kChunkMaxBytes) co_return std::uint64_t{0};
  Claim claim(*this, id, *chunk);
  const PageRange cut{static_cast<std::uint32_t>(end / kPageBytes), kChunkMaxPages};
  RangeLock::Guard guard = co_await chunk->lock.acquire(cut, LockMode::exclusive);
  claim.hold(std::move(guard));
  if (end >= chunk->end_bytes && !chunk->is_reserved) co_return std::uint64_t{0};
  const Holds holds = co_await stop_transfers(*chunk, cut);
  const PageRange freed{pages_of(0, end).end, kChunkMaxPages};
  drop(*chunk, freed);
  const std::uint64_t pages_freed = space_.unmap(*chunk, freed);
  if (end < chunk->end_bytes) {
    if (chunk->written.contains(cut.begin)) cut_page(*chunk, cut.begin, end % kPageBytes);
    chunk->end_bytes = end;
  }
  if (end == 0) chunk->is_reserved = false;
  co_return pages_freed;
}

bool DiskChunkStore::try_remove(FileId file) {
  const std::optional<std::uint64_t> index = chunks_.only_index(file);
  if (!index) return false;
  const ChunkId id{file, *index};
  Chunk& chunk = *chunks_.find(id);
  const bool moves_pages = std::any_of(
      chunk.blocks.begin(), chunk.blocks.end(),
      [](const auto& block) { return block != nullptr && block->transfers.available() == 0; });
  if (chunk.users != 0 || moves_pages) return false;
  chunk.end_bytes = 0;
  chunk.is_reserved = false;
  remove_if_gone(id, chunk);
  return true;
}

Task<Result<std::uint64_t>> DiskChunkStore::reserve(ChunkId id, PageRange pages) {
  MAYFLY_ASSERT(!pages.empty() && pages.end <= kChunkMaxPages);
  Claim claim(*this, id, chunks_.find_or_make(id));
  Chunk& chunk = claim.chunk();
  RangeLock::Guard guard = co_await chunk.lock.acquire(pages, LockMode::exclusive);
  claim.hold(std::move(guard));
  std::uint64_t taken = 0;
  MAYFLY_CO_CHECKED(co_await space_.map(chunk, pages, taken));
  chunk.is_reserved = true;
  co_return taken;
}

Task<Result<std::uint64_t>> DiskChunkStore::punch(ChunkId id, PageRange pages, bool keeps_space) {
  Chunk* chunk = chunks_.find(id);
  if (chunk == nullptr || pages.empty()) co_return std::uint64_t{0};
  Claim claim(*this, id, *chunk);
  RangeLock::Guard guard = co_await chunk->lock.acquire(pages, LockMode::exclusive);
  claim.hold(std::move(guard));
  const Holds holds = co_await stop_transfers(*chunk, pages);
  drop(*chunk, pages);
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
