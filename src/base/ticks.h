// Ticks: the processor's own time stamps, a third of the cost of a clock, for what is counted
// always.
//
// Their rate is unknown; a TickRate finds it out by the time that passes. Thread: any.
#pragma once

#include <cstdint>

#include "base/clock.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace mayfly {

inline std::uint64_t ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  std::uint64_t value;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#else
  return static_cast<std::uint64_t>(Clock::steady().now().time_since_epoch().count());
#endif
}

/// Nanoseconds per tick, the more exact the longer this has existed.
class TickRate {
 public:
  std::uint64_t ticks_since() const { return ticks() - began_ticks_; }
  Nanoseconds time_since() const { return Clock::steady().now() - began_; }
  double nanoseconds_per_tick() const {
    const std::uint64_t passed = ticks_since();
    return passed == 0 ? 0
                       : static_cast<double>(time_since().count()) / static_cast<double>(passed);
  }

 private:
  std::uint64_t began_ticks_ = ticks();
  TimePoint began_ = Clock::steady().now();
};

}  // namespace mayfly
