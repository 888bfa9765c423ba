#include "server/statistics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

#include "base/units.h"

namespace mayfly {

void Statistics::note_reply(Opcode opcode, std::uint64_t began_ticks, bool failed,
                            std::uint64_t bytes) {
  Operation& operation = this->operation(opcode);
  if (began_ticks != 0) operation.ticks.record(ticks() - began_ticks);
  operation.bytes += bytes;
  if (!failed) return;
  ++operation.errors;
  ++errors_;
}

const std::vector<Statistics::Sample>& Statistics::history() {
  take_sample();
  return history_;
}

/// By whoever comes first after its time: an idle server is not woken for it. What was done before
/// an idle time must not seem to have taken that long.
void Statistics::take_sample() {
  const std::int64_t now = rate_.time_since().count();
  const double rate = rate_.nanoseconds_per_tick();
  const auto idle = static_cast<std::int64_t>(static_cast<double>(ticks() - last_ticks_) * rate);
  if (idle > interval_ns_) push_sample(now - idle + interval_ns_ / 8);
  push_sample(now);
  const auto wait = rate == 0 ? 0.0 : static_cast<double>(interval_ns_) / rate;
  next_sample_ = ticks() + static_cast<std::uint64_t>(wait);
}

void Statistics::push_sample(std::int64_t time_ns) {
  if (history_.size() >= kMostSamples) {
    for (std::size_t i = 0; i < kMostSamples / 2; ++i) history_[i] = history_[2 * i + 1];
    history_.resize(kMostSamples / 2);
    interval_ns_ *= 2;
  }
  if (!history_.empty() && history_.back().time_ns >= time_ns) return;
  history_.push_back({time_ns, requests_, errors_, written_, read_, processor_time_ns()});
}

std::int64_t processor_time_ns() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& time) {
    return time.tv_sec * 1'000'000'000 + time.tv_usec * std::int64_t{1000};
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

std::uint64_t resident_bytes() {
  unsigned long pages = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%*u %lu", &pages) != 1) pages = 0;
  std::fclose(file);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace mayfly
