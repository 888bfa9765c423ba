#include "bench/program.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"

namespace mayfly {

void give_up(const char* what) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
  ::_exit(1);
}

void require(const Status& status) {
  if (!status) give_up(describe(status.error()).c_str());
}

double now() {
  return std::chrono::duration<double>(Clock::steady().now().time_since_epoch()).count();
}

void pin_to(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  ::sched_setaffinity(0, sizeof cores, &cores);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace mayfly
