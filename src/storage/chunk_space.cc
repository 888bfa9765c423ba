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

bool ChunkSpace::has_places(const Chunk& chunk, PageRange pages) {
  if (pages.end > chunk.claimed_end) return false;
  while (!pages.empty()) {
    const PageMap::Run run = chunk.places.run(pages);
    if (!run.mapped()) return false;
    pages.begin = run.pages.end;
  }
  return true;
}

bool ChunkSpace::try_map(Chunk& chunk, PageRange pages, std::uint64_t& taken) {
  // Surplus that the chunk grows past would be a hole with places.
  if (chunk.surplus_pages != 0 && pages.begin > chunk.claimed_end) {
    unmap(chunk, {chunk.claimed_end, pages.begin});
  }
  chunk.claimed_end = std::max(chunk.claimed_end, pages.end);
  bool complete = true;
  for (PageRange rest = pages; complete && !rest.empty();) {
    const PageMap::Run run = chunk.places.run(rest);
    if (!run.mapped()) complete = place(chunk, run.pages);
    rest.begin = run.pages.end;
  }
  taken += static_cast<std::uint64_t>(recount(chunk));
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

Task<Status> ChunkSpace::map(Chunk& chunk, PageRange pages, std::uint64_t& taken) {
  while (!try_map(chunk, pages, taken)) {
    const std::uint64_t seen = file_.size();
    const std::uint64_t needed = pages.pages() * kPageBytes;
    const Status grown = co_await file_.grow(ring_, ring_file_, seen, needed);
    if (grown) {
      allocator_.extend_to(file_.size() / kPageBytes);
      continue;
    }
    const bool complete = map_scattered(chunk, pages);
    taken += static_cast<std::uint64_t>(recount(chunk));
    if (complete) co_return Status();
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

std::uint64_t ChunkSpace::unmap(Chunk& chunk, PageRange pages) {
  std::vector<Extent> freed;
  chunk.places.erase(pages, freed);
  for (const Extent& extent : freed) allocator_.free(extent);
  return static_cast<std::uint64_t>(-recount(chunk));
}

std::vector<PageRange> ChunkSpace::unused(const Chunk& chunk, PageRange pages) {
  std::vector<PageRange> unused;
  while (pages.begin < std::min(pages.end, chunk.claimed_end)) {
    const PageMap::Run run =
        chunk.places.run({pages.begin, std::min(pages.end, chunk.claimed_end)});
    if (!run.mapped()) unused.push_back(run.pages);
    pages.begin = run.pages.end;
  }
  if (!pages.empty()) unused.push_back(pages);
  return unused;
}

std::int64_t ChunkSpace::recount(Chunk& chunk) {
  const std::uint64_t before = chunk.used_pages;
  surplus_pages_ -= chunk.surplus_pages;
  chunk.surplus_pages = chunk.places.pages_from(chunk.claimed_end);
  surplus_pages_ += chunk.surplus_pages;
  chunk.unlink();
  if (chunk.surplus_pages != 0) with_surplus_.push_back(&chunk);
  chunk.used_pages = chunk.places.pages_from(0) - chunk.surplus_pages;
  return static_cast<std::int64_t>(chunk.used_pages - before);
}

}  // namespace mayfly
