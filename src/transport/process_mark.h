// ProcessMark: tells whether a process of this machine is still alive, without being its parent.
//
// UCX 1.13 does not see the death of a peer in shared memory before the first exchange with it, nor
// ever that of one whose parent has not waited for it. The mark travels with the worker's address.
#pragma once

#include <cstdint>

namespace mayfly {

/// Trivially copyable; part of a sealed address.
struct ProcessMark {
  static ProcessMark of_this_process();
  /// False only if it was a process of this machine and has ended.
  bool may_be_alive() const;
  bool is_of_this_machine() const;

  /// Boot and pid namespace, hashed: only where they are equal do pids mean the same.
  std::uint64_t machine = 0;
  std::uint64_t pid = 0;
  /// Pids are used again; the start, in clock ticks since the boot, tells two apart.
  std::uint64_t started_at = 0;
};
static_assert(sizeof(ProcessMark) == 24);

}  // namespace mayfly
