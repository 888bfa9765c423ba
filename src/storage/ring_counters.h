// RingCounters: what a Ring has handed to the kernel since it was made, by opcode.
#pragma once

#include <cstdint>

namespace mayfly {

struct RingCounters {
  std::uint64_t reads = 0;         ///< IORING_OP_READ
  std::uint64_t fixed_reads = 0;   ///< IORING_OP_READ_FIXED
  std::uint64_t writes = 0;        ///< IORING_OP_WRITE
  std::uint64_t fixed_writes = 0;  ///< IORING_OP_WRITE_FIXED
  std::uint64_t syncs = 0;         ///< IORING_OP_FSYNC
  std::uint64_t fallocates = 0;    ///< IORING_OP_FALLOCATE
  std::uint64_t polls = 0;         ///< IORING_OP_POLL_ADD
  std::uint64_t enters = 0;        ///< calls of io_uring_enter: submitting, fetching and sleeping
};

}  // namespace mayfly
