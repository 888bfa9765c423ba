// StaleTails: pages whose last bytes on the disk were cut off and must read as zeros until the page
// is written again. So a cut is done at once, without I/O, and cannot fail. Nearly always empty.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "storage/page_range.h"

namespace mayfly {

class StaleTails {
 public:
  /// The bytes of `page` from `from` on are stale.
  void mark(std::uint32_t page, std::size_t from) {
    for (Tail& tail : tails_) {
      if (tail.page != page) continue;
      tail.from = std::min(tail.from, from);
      return;
    }
    tails_.push_back({page, from});
  }
  /// `pages` were written whole, or freed.
  void erase(PageRange pages) {
    std::erase_if(tails_, [pages](Tail t) { return pages.begin <= t.page && t.page < pages.end; });
  }
  /// Zeros what is stale in the bytes of `pages`, which begin at `data`.
  void zero(std::byte* data, PageRange pages) const {
    for (const Tail& tail : tails_) {
      if (tail.page < pages.begin || tail.page >= pages.end) continue;
      std::byte* page = data + (tail.page - pages.begin) * kPageBytes;
      std::memset(page + tail.from, 0, kPageBytes - tail.from);
    }
  }

 private:
  struct Tail {
    std::uint32_t page;
    std::size_t from;
  };
  std::vector<Tail> tails_;
};

}  // namespace mayfly
