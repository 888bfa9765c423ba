// PageRange: pages [begin, end) of a chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "async/frame_pool.h"
#include "base/units.h"

namespace mayfly {

/// No chunk is longer; a write past it is Errc::file_too_big.
inline constexpr std::uint64_t kChunkMaxBytes = 16 * kMiB;

struct PageRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t pages() const { return end - begin; }
  bool empty() const { return begin >= end; }
  bool overlaps(PageRange other) const { return begin < other.end && other.begin < end; }
  friend bool operator==(const PageRange&, const PageRange&) = default;
};

inline constexpr auto kChunkMaxPages = static_cast<std::uint32_t>(kChunkMaxBytes / kPageBytes);

/// The pages that the bytes [offset, offset + length) touch.
inline PageRange pages_of(std::uint64_t offset, std::uint64_t length) {
  return {static_cast<std::uint32_t>(offset / kPageBytes),
          static_cast<std::uint32_t>(round_up(offset + length, kPageBytes) / kPageBytes)};
}

/// For lists that live as long as an operation.
template <class T>
using PooledVector = std::vector<T, FramePoolAllocator<T>>;
using PageRanges = PooledVector<PageRange>;

}  // namespace mayfly
