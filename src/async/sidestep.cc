#include "async/sidestep.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace mayfly {
namespace {

/// The processors of a NUMA node, from the kernel's list of them ("0-3,8-11"); empty if it has
/// none.
cpu_set_t cores_of_node(unsigned node) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  std::ifstream list(fmt::format("/sys/devices/system/node/node{}/cpulist", node));
  for (unsigned first = 0; list >> first;) {
    unsigned last = first;
    if (list.peek() == '-') list.ignore() >> last;
    for (unsigned core = first; core <= std::min<unsigned>(last, CPU_SETSIZE - 1); ++core) {
      CPU_SET(core, &cores);
    }
    list.ignore();
  }
  return cores;
}

cpu_set_t both(const cpu_set_t& one, const cpu_set_t& other) {
  cpu_set_t result;
  CPU_AND(&result, &one, &other);
  return result;
}

cpu_set_t without(const cpu_set_t& from, const cpu_set_t& taken) {
  const cpu_set_t kept = both(from, taken);
  cpu_set_t result;
  CPU_XOR(&result, &from, &kept);
  return result;
}

}  // namespace

bool leave_cores(const cpu_set_t& taken) {
  cpu_set_t allowed;
  unsigned node = 0;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return false;
  cpu_set_t wanted = without(allowed, taken);
  if (CPU_COUNT(&wanted) == 0 || ::getcpu(nullptr, &node) != 0) return false;
  const cpu_set_t near = both(wanted, cores_of_node(node));
  if (CPU_COUNT(&near) != 0) wanted = near;
  if (::sched_setaffinity(0, sizeof wanted, &wanted) != 0) return false;
  return ::sched_setaffinity(0, sizeof allowed, &allowed) == 0;
}

bool Sidestep::is_due(TimePoint now) {
  if (yields_ == 0) first_at_ = now;
  if (++yields_ < kYields) return false;
  yields_ = 0;
  return now - first_at_ <= kWithin;
}

}  // namespace mayfly
