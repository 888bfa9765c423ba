#include "storage/chunk_space.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>
#include <vector>

namespace mayfly {
namespace {

/// Pages of the windows round writes, and of a write that is no small one.
constexpr std::uint32_t kSmallWindow = 16;
constexpr std::uint32_t kLargeWindow = 256;
constexpr std::uint32_t kNoSmallWrite = 8;
/// A write of fewer gets none: pages here and there would go to places far apart in parts of the
/// file that were never written, which costs file systems more than their order in it brings.
constexpr std::uint32_t kLeastForWindow = 3;

}  // namespace

ChunkSpace::ChunkSpace(Ring& ring, DataFile file)
    : ring_(ring),
      file_(std::move(file)),
      ring_file_(ring.register_file(file_.descriptor(), file_.direct())) {}

StoreUsage ChunkSpace::usage() const {
  const std::uint64_t used_pages = allocator_.used_pages() - surplus_pages_;
  return {file_.capacity(), used_pages * kPageBytes};
}

bool ChunkSpace::try_map(Chunk& chunk, PageRange pages, std::uint64_t& taken) {
  const PageRanges wanted = unused(chunk, pages);
  for (PageRange rest : wanted) {
    while (!rest.empty()) {
      const PageMap::Run run = chunk.places.run(rest);
      if (!run.mapped() && !place(chunk, run.pages)) {
        unmap(chunk, wanted);
        return false;
      }
      chunk.claimed.insert(run.pages);
      rest.begin = run.pages.end;
    }
  }
  taken += static_cast<std::uint64_t>(recount(chunk));
  return true;
}

PageRange ChunkSpace::with_advance(const Chunk& chunk, PageRange gap) {
  if (gap.begin == 0 && chunk.places.empty()) return gap;
  if (gap.begin == chunk.places.end() && gap.begin != 0) {
    return {gap.begin, std::min(std::bit_ceil(gap.end), kChunkMaxPages)};
  }
  if (gap.pages() < kLeastForWindow) return gap;
  const std::uint32_t window = gap.pages() < kNoSmallWrite ? kSmallWindow : kLargeWindow;
  PageRange around{gap.begin / window * window,
                   std::min((gap.end + window - 1) / window * window, kChunkMaxPages)};
  // The free pages on both sides of it.
  while (around.begin < gap.begin) {
    const PageMap::Run run = chunk.places.run({around.begin, gap.begin});
    if (!run.mapped() && run.pages.end == gap.begin) break;
    around.begin = run.pages.end;
  }
  const PageMap::Run behind = chunk.places.run({gap.end, around.end});
  if (gap.end < around.end) around.end = behind.mapped() ? gap.end : behind.pages.end;
  return around;
}

bool ChunkSpace::place(Chunk& chunk, PageRange gap) {
  const PageRange wished = with_advance(chunk, gap);
  if (wished != gap) {
    const std::uint64_t used = allocator_.used_pages() + wished.pages();
    std::optional<Extent> extent;
    if (used + capacity_pages() / 8 <= capacity_pages()) {
      extent = allocator_.allocate(wished.pages());
    }
    if (extent) {
      chunk.places.insert(wished.begin, *extent);
      return true;
    }
  }
  const std::optional<Extent> extent = allocator_.allocate(gap.pages());
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
    const PageRanges wanted = unused(chunk, pages);
    if (map_scattered(chunk, pages)) {
      taken += static_cast<std::uint64_t>(recount(chunk));
      co_return Status();
    }
    unmap(chunk, wanted);
    if (!take_back_surplus()) co_return grown;
  }
  co_return Status();
}

bool ChunkSpace::map_scattered(Chunk& chunk, PageRange pages) {
  while (!pages.empty()) {
    PageMap::Run run = chunk.places.run(pages);
    if (!run.mapped()) {
      const std::optional<Extent> extent = allocator_.allocate_largest(run.pages.pages());
      if (!extent) return false;
      chunk.places.insert(run.pages.begin, *extent);
      run.pages.end = run.pages.begin + static_cast<std::uint32_t>(extent->pages);
    }
    chunk.claimed.insert(run.pages);
    pages.begin = run.pages.end;
  }
  return true;
}

bool ChunkSpace::take_back_surplus() {
  Chunk* chunk = with_surplus_.front();
  if (chunk == nullptr) return false;
  // No I/O can be on these pages: writers claim theirs first, readers go to written pages only.
  for (PageRange rest{0, chunk->places.end()}; !rest.empty();) {
    const PageRange run = chunk->claimed.run(rest);
    rest.begin = run.end;
    if (!chunk->claimed.contains(run.begin)) give_back(*chunk, run);
  }
  recount(*chunk);
  return true;
}

void ChunkSpace::give_back(Chunk& chunk, PageRange pages) {
  std::vector<Extent> freed;
  chunk.places.erase(pages, freed);
  for (const Extent& extent : freed) allocator_.free(extent);
  chunk.claimed.erase(pages);
}

std::uint64_t ChunkSpace::unmap(Chunk& chunk, PageRange pages) {
  give_back(chunk, pages);
  return static_cast<std::uint64_t>(-recount(chunk));
}

void ChunkSpace::unmap(Chunk& chunk, const PageRanges& ranges) {
  for (const PageRange range : ranges) give_back(chunk, range);
  recount(chunk);
}

PageRanges ChunkSpace::unused(const Chunk& chunk, PageRange pages) {
  PageRanges unused;
  while (!pages.empty()) {
    const PageRange run = chunk.claimed.run(pages);
    if (!chunk.claimed.contains(run.begin)) unused.push_back(run);
    pages.begin = run.end;
  }
  return unused;
}

std::int64_t ChunkSpace::recount(Chunk& chunk) {
  const std::uint64_t before = chunk.used_pages;
  surplus_pages_ -= chunk.surplus_pages;
  chunk.used_pages = chunk.claimed.count({0, kChunkMaxPages});
  chunk.surplus_pages = chunk.places.pages() - chunk.used_pages;
  surplus_pages_ += chunk.surplus_pages;
  chunk.unlink();
  if (chunk.surplus_pages != 0) with_surplus_.push_back(&chunk);
  return static_cast<std::int64_t>(chunk.used_pages - before);
}

}  // namespace mayfly
