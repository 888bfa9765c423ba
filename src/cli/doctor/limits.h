// The limits of the process that servers run into: locked memory and open files.
#pragma once

#include <cstdint>

#include "base/units.h"
#include "cli/doctor/check.h"

namespace mayfly {

/// What one server pins by default: its pool and its ring.
inline constexpr std::uint64_t kDefaultPoolBytes = 64 * kMiB;
inline constexpr std::uint64_t kRingBytes = kMiB;

struct LockedMemoryFacts {
  std::uint64_t limit_bytes = 0;  ///< soft; RLIM_INFINITY is its largest value
  std::uint64_t hard_bytes = 0;
  bool may_lock_all = false;  ///< has CAP_IPC_LOCK
};

struct OpenFilesFacts {
  std::uint64_t limit = 0;
  std::uint64_t hard = 0;
};

LockedMemoryFacts observe_locked_memory();
OpenFilesFacts observe_open_files();

Check check_locked_memory(const LockedMemoryFacts& facts);
Check check_open_files(const OpenFilesFacts& facts);

}  // namespace mayfly
