// Time as a dependency, so that simulations can own it.
#pragma once

#include <chrono>
#include <cstdint>

namespace mayfly {

using Nanoseconds = std::chrono::nanoseconds;
/// Time since an arbitrary start, never going back.
using TimePoint = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  /// The machine's monotonic clock; lives as long as the process.
  static const Clock& steady();
};

/// Nanoseconds since 1970, for the times of files.
std::int64_t wall_clock_ns();

}  // namespace mayfly
