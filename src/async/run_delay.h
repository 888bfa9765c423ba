// RunDelay: how long a thread has waited for a core although it could have run.
//
// From /proc/thread-self/schedstat (the kernel's documentation, scheduler/sched-stats). Thread: any
// one at a time; what it reads is of the thread that asks.
#pragma once

#include <optional>

#include "base/clock.h"

namespace mayfly {

class RunDelay {
 public:
  RunDelay() = default;
  RunDelay(const RunDelay&) = delete;
  RunDelay& operator=(const RunDelay&) = delete;
  virtual ~RunDelay();

  /// The calling thread's since its start. None if the kernel does not say, and once whenever
  /// another thread asks than the last time: the difference to the last answer would mean nothing.
  virtual std::optional<Nanoseconds> read();

 private:
  int fd_ = -1;
  long thread_ = 0;
};

}  // namespace mayfly
