// RingCounters: what a Ring has handed to the kernel since it was made, and how long that took.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/histogram.h"

namespace mayfly {

/// Of the chunk store's file, and of files of the node that are staged.
enum class IoKind : std::uint8_t {
  read,
  write,
  sync,
  staged_read,
  staged_write,
  staged_sync,
  other,  ///< not timed
};
inline constexpr std::size_t kIoKinds = static_cast<std::size_t>(IoKind::other);

struct IoCounters {
  std::uint64_t errors = 0;
  std::uint64_t bytes = 0;
  Histogram ticks;  ///< from when it is handed to the kernel to when its end is seen
};

struct RingCounters {
  std::uint64_t reads = 0;         ///< IORING_OP_READ
  std::uint64_t fixed_reads = 0;   ///< IORING_OP_READ_FIXED
  std::uint64_t writes = 0;        ///< IORING_OP_WRITE, IORING_OP_WRITEV
  std::uint64_t fixed_writes = 0;  ///< IORING_OP_WRITE_FIXED
  std::uint64_t syncs = 0;         ///< IORING_OP_FSYNC
  std::uint64_t fallocates = 0;    ///< IORING_OP_FALLOCATE
  std::uint64_t polls = 0;         ///< IORING_OP_POLL_ADD
  std::uint64_t enters = 0;        ///< calls of io_uring_enter: submitting, fetching and sleeping
  std::array<IoCounters, kIoKinds> kinds;
};

}  // namespace mayfly
