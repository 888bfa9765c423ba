#include "storage/chunk_space.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

namespace mayfly {

ChunkSpace::ChunkSpace(Ring& ring, DataFile file)
    : ring_(ring),
      file_(std::move(file)),
      ring_file_(ring.register_file(file_.descriptor(), file_.direct())) {}

StoreUsage ChunkSpace::usage() const {
  const std::uint64_t used_pages = allocator_.used_pages() - surplus_pages_;
  return {file_.capacity(), used_pages * kPageBytes};
}

bool ChunkSpace::try_map(Chunk& chunk, PageRange pages) {
  chunk.claimed_end = std::max(chunk.claimed_end, pages.end);
  bool complete = true;
  for (PageRange rest = pages; complete && !rest.empty();) {
    const PageMap::Run run = chunk.places.run(rest);
    if (!run.mapped()) complete = place(chunk, run.pages);
    rest.begin = run.pages.end;
  }
  recount_surplus(chunk);
  return complete;
}

bool ChunkSpace::place(Chunk& chunk, PageRange gap) {
  std::optional<Extent> extent;
  const bool grows_from_its_end = gap.begin != 0 && gap.begin == chunk.places.end();
  if (grows_from_its_end) {
    const std::uint32_t ahead = std::min(std::bit_ceil(gap.end), kChunkMaxPages) - gap.begin;
    const std::uint64_t taken = allocator_.used_pages() + ahead;
    if (taken + capacity_pages() / 8 <= capacity_pages()) extent = allocator_.allocate(ahead);
  }
  if (!extent) extent = allocator_.allocate(gap.pages());
  if (extent) chunk.places.insert(gap.begin, *extent);
  return extent.has_value();
}

Task<Status> ChunkSpace::map(Chunk& chunk, PageRange pages) {
  while (!try_map(chunk, pages)) {
    const std::uint64_t seen = file_.size();
    const std::uint64_t needed = pages.pages() * kPageBytes;
    const Status grown = co_await file_.grow(ring_, ring_file_, seen, needed);
    if (grown) {
      allocator_.extend_to(file_.size() / kPageBytes);
      continue;
    }
    if (map_scattered(chunk, pages)) co_return Status();
    if (!take_back_surplus()) co_return grown;
  }
  co_return Status();
}

bool ChunkSpace::map_scattered(Chunk& chunk, PageRange pages) {
  while (!pages.empty()) {
    const PageMap::Run run = chunk.places.run(pages);
    pages.begin = run.pages.end;
    if (run.mapped()) continue;
    const std::optional<Extent> extent = allocator_.allocate_largest(run.pages.pages());
    if (!extent) return false;
    chunk.places.insert(run.pages.begin, *extent);
    pages.begin = run.pages.begin + static_cast<std::uint32_t>(extent->pages);
  }
  return true;
}

bool ChunkSpace::take_back_surplus() {
  Chunk* chunk = with_surplus_.front();
  if (chunk == nullptr) return false;
  // No I/O can be on these pages: writers claim theirs first, readers go to written pages only.
  unmap(*chunk, {chunk->claimed_end, kChunkMaxPages});
  return true;
}

void ChunkSpace::unmap(Chunk& chunk, PageRange pages) {
  std::vector<Extent> freed;
  chunk.places.erase(pages, freed);
  for (const Extent& extent : freed) allocator_.free(extent);
  recount_surplus(chunk);
}

void ChunkSpace::unmap_unwritten(Chunk& chunk, PageRange pages) {
  while (!pages.empty()) {
    const PageRange run = chunk.written.run(pages);
    if (!chunk.written.contains(run.begin)) unmap(chunk, run);
    pages.begin = run.end;
  }
}

void ChunkSpace::recount_surplus(Chunk& chunk) {
  surplus_pages_ -= chunk.surplus_pages;
  chunk.surplus_pages = chunk.places.pages_from(chunk.claimed_end);
  surplus_pages_ += chunk.surplus_pages;
  chunk.unlink();
  if (chunk.surplus_pages != 0) with_surplus_.push_back(&chunk);
}

}  // namespace mayfly
