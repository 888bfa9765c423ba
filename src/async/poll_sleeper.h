// PollSleeper: sleeps in poll(2). For loops without an io_uring: clients and tests.
#pragma once

#include "async/event_loop.h"

namespace mayfly {

/// Thread: any, one at a time. Holds up to 8 descriptors.
class PollSleeper final : public Sleeper {
 public:
  void sleep(std::span<const int> fds, Nanoseconds timeout) override;
};

}  // namespace mayfly
