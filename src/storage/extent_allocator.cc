#include "storage/extent_allocator.h"

#include <algorithm>

#include "base/assert.h"

namespace mayfly {

void ExtentAllocator::extend_to(std::uint64_t pages) {
  if (pages <= total_) return;
  fresh_.insert({total_, pages - total_});
  total_ = pages;
}

std::optional<Extent> ExtentAllocator::allocate(std::uint64_t pages) {
  std::optional<Extent> extent = used_before_.take(pages);
  return extent ? extent : fresh_.take(pages);
}

std::optional<Extent> ExtentAllocator::allocate_largest(std::uint64_t pages) {
  return allocate(std::min(pages, std::max(used_before_.largest(), fresh_.largest())));
}

void ExtentAllocator::free(Extent extent) {
  MAYFLY_ASSERT(extent.page + extent.pages <= total_ && extent.pages <= used_pages());
  used_before_.insert(extent);
}

std::vector<Extent> ExtentAllocator::free_extents() const {
  std::vector<Extent> extents;
  used_before_.append_to(extents);
  fresh_.append_to(extents);
  return extents;
}

}  // namespace mayfly
