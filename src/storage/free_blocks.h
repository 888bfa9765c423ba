// FreeBlocks: free space as buddies: blocks of 2^order pages, aligned to their size. Pure logic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace mayfly {

/// A run of pages of the data file.
struct Extent {
  std::uint64_t page = 0;
  std::uint64_t pages = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};

class FreeBlocks {
 public:
  /// 4 KiB to 16 MiB, the largest chunk.
  static constexpr unsigned kOrders = 13;
  static constexpr std::uint64_t kLargestPages = std::uint64_t{1} << (kOrders - 1);

  /// Adds free pages, cut into aligned blocks and merged with their buddies.
  void insert(Extent extent);
  /// Takes the first `pages` of the lowest block of the smallest size that holds them; the rest of
  /// the block stays free.
  std::optional<Extent> take(std::uint64_t pages);
  /// Pages of the largest block; 0 if there is none.
  std::uint64_t largest() const;
  std::uint64_t pages() const { return pages_; }
  void append_to(std::vector<Extent>& extents) const;

 private:
  void insert_block(std::uint64_t page, unsigned order);

  std::array<std::set<std::uint64_t>, kOrders> blocks_;
  std::uint64_t pages_ = 0;
};

}  // namespace mayfly
