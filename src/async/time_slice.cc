#include "async/time_slice.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace mayfly {
namespace {

/// `struct sched_attr` of <linux/sched/types.h>, which does not go together with <sched.h>.
struct Attributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;
  std::uint64_t deadline;
  std::uint64_t period;
};

std::optional<Attributes> attributes() {
  Attributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return std::nullopt;
  return attributes;
}

}  // namespace

void shorten_time_slices() {
  static thread_local bool asked = false;
  if (asked) return;
  asked = true;
  std::optional<Attributes> wanted = attributes();
  if (!wanted || wanted->policy != SCHED_OTHER) return;
  wanted->runtime = kShortestTimeSlice.count();
  ::syscall(SYS_sched_setattr, 0, &*wanted, 0);
}

std::optional<Nanoseconds> time_slice() {
  const std::optional<Attributes> now = attributes();
  if (!now || now->policy != SCHED_OTHER || now->runtime == 0) return std::nullopt;
  return Nanoseconds(now->runtime);
}

}  // namespace mayfly
