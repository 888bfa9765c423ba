// PageSet: a set of the pages of a chunk, one bit each. Pure logic.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "async/frame_pool.h"
#include "storage/page_range.h"

namespace mayfly {

class PageSet {
 public:
  bool contains(std::uint32_t page) const {
    return page / 64 < words_.size() && (words_[page / 64] >> page % 64 & 1) != 0;
  }
  /// All of them; of none, yes.
  bool contains(PageRange pages) const {
    return pages.empty() || (contains(pages.begin) && run(pages) == pages);
  }
  bool empty() const {
    return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
  }
  /// How many of them.
  std::uint32_t count(PageRange pages) const;
  void insert(PageRange pages);
  void erase(PageRange pages);
  /// Removes every page from `begin` on.
  void erase_from(std::uint32_t begin);
  /// The longest run from `pages.begin` on, within `pages`, whose pages are all in the set or all
  /// not in it.
  PageRange run(PageRange pages) const;

 private:
  std::vector<std::uint64_t, FramePoolAllocator<std::uint64_t>> words_;
};

}  // namespace mayfly
