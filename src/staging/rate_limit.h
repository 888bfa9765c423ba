// RateLimit: so many bytes per second and no more, over all threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace mayfly {

class RateLimit {
 public:
  /// 0: none.
  explicit RateLimit(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  /// Waits until it is the turn of `bytes`. What was not used before is not saved up.
  void wait_for(std::uint64_t bytes) {
    if (rate_ == 0) return;
    const auto time = Nanoseconds(
        static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / static_cast<double>(rate_)));
    TimePoint turn;
    {
      const std::lock_guard lock(mutex_);
      turn = std::max(next_, Clock::steady().now());
      next_ = turn + time;
    }
    std::this_thread::sleep_for(turn - Clock::steady().now());
  }

 private:
  std::uint64_t rate_;
  std::mutex mutex_;
  TimePoint next_{};
};

}  // namespace mayfly
