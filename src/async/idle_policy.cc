#include "async/idle_policy.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace mayfly {

IdlePolicy::~IdlePolicy() {
  if (schedstat_fd_ >= 0) ::close(schedstat_fd_);
}

bool IdlePolicy::keep_spinning(TimePoint now) {
  if (spin_ == Nanoseconds::zero()) return false;
  if (now - sampled_at_ >= kSample) sample_run_delay(now);
  if (!idle_) {
    idle_ = true;
    idle_since_ = now;
  }
  return now - idle_since_ < limit();
}

Nanoseconds IdlePolicy::limit() const {
  if (!contended_) return limit_;
  const bool is_vain = vain_ >= kVain && vain_ % kNowAndThen != 0;
  return is_vain ? Nanoseconds::zero() : std::min(kContendedSpin, limit_);
}

void IdlePolicy::end_idle_phase(TimePoint now) {
  idle_ = false;
  vain_ = now - idle_since_ < kContendedSpin ? 0 : vain_ + 1;
  const bool spinning_pays = now - idle_since_ < kPatience * spin_;
  limit_ = spinning_pays ? kPatience * spin_ : spin_;
}

void IdlePolicy::sample_run_delay(TimePoint now) {
  // A client's loop moves between the application's threads; the file names the one that opened it.
  const long thread = ::gettid();
  const bool same_thread = thread == schedstat_thread_;
  if (!same_thread) {
    if (schedstat_fd_ >= 0) ::close(schedstat_fd_);
    schedstat_fd_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    schedstat_thread_ = thread;
  }
  std::array<char, 128> text{};
  unsigned long long on_core_ns = 0;
  unsigned long long run_delay_ns = 0;
  if (schedstat_fd_ < 0 || ::pread(schedstat_fd_, text.data(), text.size() - 1, 0) <= 0 ||
      std::sscanf(text.data(), "%llu %llu", &on_core_ns, &run_delay_ns) != 2) {
    contended_ = true;
    return;
  }
  const auto run_delay = Nanoseconds(run_delay_ns);
  const auto elapsed = std::chrono::duration<double>(now - sampled_at_).count();
  const auto waited = std::chrono::duration<double>(run_delay - run_delay_).count();
  contended_ = !same_thread || waited > kContendedShare * elapsed;
  run_delay_ = run_delay;
  sampled_at_ = now;
}

}  // namespace mayfly
