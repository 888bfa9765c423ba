// Sidestep: leaves the core of a peer that a thread works with in turns.
//
// On one core, each request of theirs costs two switches; on two cores none. Where a kernel has put
// them together (it wakes whom a thread wakes on that thread's core, and with more threads than
// cores somebody has to share), it leaves them so for tens of milliseconds or for good.
// Measurements: docs/decisions.md. Thread: the loop's.
#pragma once

#include <sched.h>

#include "base/clock.h"

namespace mayfly {

/// The processor on which the calling thread is just now.
inline int current_core() { return ::sched_getcpu(); }

/// Moves the calling thread to a core outside of `taken` that it may use, of the same NUMA node if
/// there is one. What it may use stays what it was; that another thread changes it at this very
/// moment is undone. False if there is no such core, or the kernel refuses.
bool leave_cores(const cpu_set_t& taken);

/// When to do so.
class Sidestep {
 public:
  /// So many yields to a peer on the same core within so short a time are for small requests, of
  /// which the switches are the larger part. Whoever moves bytes, and yields less often, stays: it
  /// has to wait for the peer anyway, and the other core may be somebody's who computes.
  static constexpr unsigned kYields = 32;
  static constexpr Nanoseconds kWithin = std::chrono::milliseconds(1);

  /// The thread is about to yield at `now`, on the core of a peer.
  bool is_due(TimePoint now);

 private:
  unsigned yields_ = 0;
  TimePoint first_at_{};
};

}  // namespace mayfly
