// ChunkSpace: gives the pages of chunks their places in the data file.
//
// Places are given in advance, so that small writes end up contiguous: to a chunk that grows from
// its end, up to the next power of two; round a write of more than two pages elsewhere, a window of
// 64 KiB or, if it is no small one, of 1 MiB. Such surplus is only given while an eighth of the
// capacity stays free, is not counted as used, and is taken back before anybody sees ENOSPC. Every
// step says how it changes the chunk's used pages, so that their sum is exact whatever happens
// meanwhile. Owner: the store. Thread: the loop's.
#pragma once

#include <cstdint>
#include <vector>

#include "base/intrusive_list.h"
#include "storage/chunk.h"
#include "storage/chunk_store.h"
#include "storage/data_file.h"
#include "storage/extent_allocator.h"

namespace mayfly {

class ChunkSpace {
 public:
  ChunkSpace(Ring& ring, DataFile file);
  ChunkSpace(const ChunkSpace&) = delete;
  ChunkSpace& operator=(const ChunkSpace&) = delete;
  ~ChunkSpace() { ring_.unregister_file(ring_file_); }

  /// Gives every page of `pages` a place from what is free, contiguous where it has none. False
  /// means that nothing has changed: use map(). The caller holds `pages` exclusively. Both add to
  /// `taken` how many more are used.
  bool try_map(Chunk& chunk, PageRange pages, std::uint64_t& taken);
  /// The same, making the file longer, using scattered blocks and taking back surplus. On failure
  /// nothing has changed.
  Task<Status> map(Chunk& chunk, PageRange pages, std::uint64_t& taken);
  /// Gives how many pages fewer are used.
  std::uint64_t unmap(Chunk& chunk, PageRange pages);
  void unmap(Chunk& chunk, const PageRanges& ranges);
  /// The pages that are not used: without a place, or with one in advance.
  static PageRanges unused(const Chunk& chunk, PageRange pages);

  RingFile file() const { return ring_file_; }
  StoreUsage usage() const;
  const ExtentAllocator& allocator() const { return allocator_; }

 private:
  std::uint64_t capacity_pages() const { return file_.capacity() / kPageBytes; }
  /// Gives `gap`, which has no places, one extent.
  bool place(Chunk& chunk, PageRange gap);
  /// `gap` and what round it gets places in advance.
  static PageRange with_advance(const Chunk& chunk, PageRange gap);
  bool map_scattered(Chunk& chunk, PageRange pages);
  bool take_back_surplus();
  void give_back(Chunk& chunk, PageRange pages);
  /// Gives by how much the chunk's used pages have changed.
  std::int64_t recount(Chunk& chunk);

  Ring& ring_;
  DataFile file_;
  RingFile ring_file_;
  ExtentAllocator allocator_;
  IntrusiveList<Chunk> with_surplus_;
  std::uint64_t surplus_pages_ = 0;
};

}  // namespace mayfly
