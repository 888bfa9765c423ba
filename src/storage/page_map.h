// PageMap: where the pages of a chunk are on the disk: sorted, disjoint runs. Pure logic.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/free_blocks.h"
#include "storage/io_span.h"
#include "storage/page_range.h"

namespace mayfly {

class PageMap {
 public:
  /// Pages of the chunk from `page` on, within `pages`, that are contiguous on the disk from
  /// `extent.page` on, or that have no place (extent.pages == 0).
  struct Run {
    PageRange pages;
    Extent extent;
    bool mapped() const { return extent.pages != 0; }
  };

  /// The run at the beginning of `pages`.
  Run run(PageRange pages) const;
  /// Where the bytes of `pages`, which all have places, are on the disk; in memory they stand one
  /// after the other from `buffer_offset` on.
  void append_spans(PageRange pages, std::size_t buffer_offset, IoSpans& spans) const;
  /// Gives the pages from `page` on, which have no place, the place `extent`.
  void insert(std::uint32_t page, Extent extent);
  /// Takes the places of `pages` away and appends them to `freed`.
  void erase(PageRange pages, std::vector<Extent>& freed);

  /// One past the last page that has a place.
  std::uint32_t end() const { return mappings_.empty() ? 0 : mappings_.back().pages.end; }
  bool empty() const { return mappings_.empty(); }
  /// How many pages have a place.
  std::uint64_t pages() const { return pages_; }

 private:
  struct Mapping {
    PageRange pages;
    std::uint64_t disk_page;
  };
  /// The first mapping that ends behind `page`.
  std::size_t find(std::uint32_t page) const;

  std::vector<Mapping> mappings_;
  std::uint64_t pages_ = 0;
};

}  // namespace mayfly
