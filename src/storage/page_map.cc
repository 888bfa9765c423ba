#include "storage/page_map.h"

#include <algorithm>

#include "base/assert.h"

namespace mayfly {

std::size_t PageMap::find(std::uint32_t page) const {
  const auto found =
      std::upper_bound(mappings_.begin(), mappings_.end(), page,
                       [](std::uint32_t p, const Mapping& m) { return p < m.pages.end; });
  return static_cast<std::size_t>(found - mappings_.begin());
}

PageMap::Run PageMap::run(PageRange pages) const {
  const std::size_t index = find(pages.begin);
  if (index == mappings_.size()) return {pages, {}};
  const Mapping& mapping = mappings_[index];
  if (mapping.pages.begin > pages.begin) {
    return {{pages.begin, std::min(pages.end, mapping.pages.begin)}, {}};
  }
  const PageRange found{pages.begin, std::min(pages.end, mapping.pages.end)};
  return {found, {mapping.disk_page + (found.begin - mapping.pages.begin), found.pages()}};
}

void PageMap::append_spans(PageRange pages, std::size_t buffer_offset, IoSpans& spans) const {
  while (!pages.empty()) {
    const Run part = run(pages);
    MAYFLY_ASSERT(part.mapped());
    const std::size_t bytes = part.pages.pages() * kPageBytes;
    spans.push_back({buffer_offset, part.extent.page * kPageBytes, bytes, 0});
    buffer_offset += bytes;
    pages.begin = part.pages.end;
  }
}

void PageMap::insert(std::uint32_t page, Extent extent) {
  const PageRange pages{page, page + static_cast<std::uint32_t>(extent.pages)};
  const std::size_t index = find(page);
  MAYFLY_ASSERT(index == mappings_.size() || !mappings_[index].pages.overlaps(pages));
  pages_ += extent.pages;
  if (index > 0) {
    Mapping& before = mappings_[index - 1];
    if (before.pages.end == page && before.disk_page + before.pages.pages() == extent.page) {
      before.pages.end = pages.end;
      return;
    }
  }
  const auto place = mappings_.begin() + static_cast<std::ptrdiff_t>(index);
  mappings_.insert(place, Mapping{pages, extent.page});
}

void PageMap::erase(PageRange pages, std::vector<Extent>& freed) {
  std::vector<Mapping> kept;
  const std::size_t first = find(pages.begin);
  std::size_t index = first;
  for (; index < mappings_.size() && mappings_[index].pages.begin < pages.end; ++index) {
    const Mapping old = mappings_[index];
    const PageRange cut{std::max(old.pages.begin, pages.begin), std::min(old.pages.end, pages.end)};
    freed.push_back({old.disk_page + (cut.begin - old.pages.begin), cut.pages()});
    pages_ -= cut.pages();
    if (old.pages.begin < cut.begin) kept.push_back({{old.pages.begin, cut.begin}, old.disk_page});
    if (cut.end < old.pages.end) {
      const std::uint64_t disk_page = old.disk_page + (cut.end - old.pages.begin);
      kept.push_back({{cut.end, old.pages.end}, disk_page});
    }
  }
  const auto begin = mappings_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = mappings_.begin() + static_cast<std::ptrdiff_t>(index);
  const auto place = mappings_.erase(begin, end);
  mappings_.insert(place, kept.begin(), kept.end());
}

}  // namespace mayfly
