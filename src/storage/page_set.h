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
  bool contains(std::uint32_t page) const { return (word(page / 64) >> page % 64 & 1) != 0; }
  /// All of them; of none, yes.
  bool contains(PageRange pages) const {
    return pages.empty() || (contains(pages.begin) && run(pages) == pages);
  }
  bool empty() const {
    return first_ == 0 &&
           std::all_of(rest_.begin(), rest_.end(), [](auto word) { return word == 0; });
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
  std::uint32_t words() const { return static_cast<std::uint32_t>(rest_.size()) + 1; }
  std::uint64_t word(std::uint32_t at) const {
    if (at == 0) return first_;
    return at < words() ? rest_[at - 1] : 0;
  }
  std::uint64_t& there(std::uint32_t at) { return at == 0 ? first_ : rest_[at - 1]; }

  std::uint64_t first_ = 0;  ///< all that there is of a small file's
  std::vector<std::uint64_t, FramePoolAllocator<std::uint64_t>> rest_;
};

}  // namespace mayfly
