// GrowingWait: between two looks at what others are to do; short at first, for it may be done soon.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"

namespace mayfly {

class GrowingWait {
 public:
  void wait() {
    std::this_thread::sleep_for(next_);
    next_ = std::min<Nanoseconds>(2 * next_, kLongest);
  }
  /// Since the beginning.
  Nanoseconds waited() const { return Clock::steady().now() - began_; }

 private:
  static constexpr Nanoseconds kLongest = std::chrono::milliseconds(50);
  TimePoint began_ = Clock::steady().now();
  Nanoseconds next_ = std::chrono::milliseconds(1);
};

}  // namespace mayfly
