#include "storage/free_blocks.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace mayfly {

void FreeBlocks::insert(Extent extent) {
  pages_ += extent.pages;
  while (extent.pages != 0) {
    const auto alignment = static_cast<unsigned>(std::countr_zero(extent.page));
    const auto fitting = static_cast<unsigned>(std::bit_width(extent.pages)) - 1;
    const unsigned order = std::min({alignment, fitting, kOrders - 1});
    insert_block(extent.page, order);
    extent.page += std::uint64_t{1} << order;
    extent.pages -= std::uint64_t{1} << order;
  }
}

void FreeBlocks::insert_block(std::uint64_t page, unsigned order) {
  for (; order + 1 < kOrders; ++order) {
    const std::uint64_t buddy = page ^ (std::uint64_t{1} << order);
    if (blocks_[order].erase(buddy) == 0) break;
    page = std::min(page, buddy);
  }
  const bool is_new = blocks_[order].insert(page).second;
  MAYFLY_ASSERT(is_new);
}

std::optional<Extent> FreeBlocks::take(std::uint64_t pages) {
  if (pages == 0 || pages > kLargestPages) return std::nullopt;
  auto order = static_cast<unsigned>(std::bit_width(pages - 1));
  while (order < kOrders && blocks_[order].empty()) ++order;
  if (order == kOrders) return std::nullopt;
  const std::uint64_t page = *blocks_[order].begin();
  blocks_[order].erase(blocks_[order].begin());
  const std::uint64_t block = std::uint64_t{1} << order;
  pages_ -= block;
  insert({page + pages, block - pages});
  return Extent{page, pages};
}

std::uint64_t FreeBlocks::largest() const {
  for (unsigned order = kOrders; order-- > 0;) {
    if (!blocks_[order].empty()) return std::uint64_t{1} << order;
  }
  return 0;
}

void FreeBlocks::append_to(std::vector<Extent>& extents) const {
  for (unsigned order = 0; order < kOrders; ++order) {
    for (const std::uint64_t page : blocks_[order]) {
      extents.push_back({page, std::uint64_t{1} << order});
    }
  }
}

}  // namespace mayfly
