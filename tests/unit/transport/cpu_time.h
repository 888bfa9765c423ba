// What this process has used of the processor.
#pragma once

#include <ctime>

#include "base/clock.h"

namespace mayfly {

inline Nanoseconds cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

}  // namespace mayfly
