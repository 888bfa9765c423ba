// ExtentAllocator: which pages of the data file are free. Pure logic, no I/O.
//
// Blocks that were used before are the first to be used again: writing them is up to three times
// faster than writing fresh space of the file system. Both kinds are kept apart until they are
// used. Thread: the loop's. Failure: no extent. Freeing what is free aborts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/free_blocks.h"

namespace mayfly {

class ExtentAllocator {
 public:
  /// The file has `pages` pages now; those behind the former end are free and fresh.
  void extend_to(std::uint64_t pages);

  /// `pages` contiguous pages, at most FreeBlocks::kLargestPages.
  std::optional<Extent> allocate(std::uint64_t pages);
  /// The largest contiguous run that there is, at most `pages`.
  std::optional<Extent> allocate_largest(std::uint64_t pages);
  /// Takes back an extent, or any part of one.
  void free(Extent extent);

  /// All that is free, in no order.
  std::vector<Extent> free_extents() const;
  std::uint64_t total_pages() const { return total_; }
  std::uint64_t free_pages() const { return used_before_.pages() + fresh_.pages(); }
  std::uint64_t used_pages() const { return total_ - free_pages(); }

 private:
  FreeBlocks used_before_;
  FreeBlocks fresh_;
  std::uint64_t total_ = 0;
};

}  // namespace mayfly
