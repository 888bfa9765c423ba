// Chunk: what DiskChunkStore knows of one chunk. Pure state.
//
// A page is either without a place, or has a place but was never written (its bytes on the disk
// belong to somebody before us), or written: then its bytes are in a block that has the page, else
// on the disk, else lost. Whoever changes written, end, stale_tails or what is valid in a block
// holds the pages in `lock`. The hook is in the list of chunks with surplus pages.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/intrusive_list.h"
#include "storage/block.h"
#include "storage/page_map.h"
#include "storage/page_set.h"
#include "storage/range_lock.h"
#include "storage/stale_tails.h"

namespace mayfly {

struct Chunk : ListHook {
  RangeLock lock;
  PageMap places;
  PageSet written;
  StaleTails stale_tails;                      ///< of what is on the disk
  PageSet lost;                                ///< could not be brought to the disk
  std::vector<std::unique_ptr<Block>> blocks;  ///< by section; null: nothing of it is in memory
  std::uint64_t end_bytes = 0;                 ///< 0: not there yet, or not any more
  bool is_reserved = false;         ///< there all the same: it has pages for what will come
  PageSet claimed;                  ///< pages with a place that counts as used
  std::uint64_t surplus_pages = 0;  ///< how many have one in advance
  std::uint64_t used_pages = 0;     ///< how many are claimed
  std::uint32_t users = 0;          ///< operations that hold on to this object
  std::uint64_t read_end = 0;       ///< where the last read ended
  std::uint32_t reads_in_order = 0;

  Block* block(std::uint32_t section) const {
    return section < blocks.size() ? blocks[section].get() : nullptr;
  }
};

}  // namespace mayfly
