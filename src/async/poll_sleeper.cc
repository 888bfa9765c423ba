#include "async/poll_sleeper.h"

#include <poll.h>

#include <array>

namespace mayfly {

void PollSleeper::sleep(std::span<const int> fds, Nanoseconds timeout) {
  std::array<pollfd, 8> polled{};
  MAYFLY_ASSERT(fds.size() <= polled.size());
  for (std::size_t i = 0; i < fds.size(); ++i) polled[i] = {fds[i], POLLIN, 0};
  timespec limit{};
  if (timeout >= Nanoseconds::zero()) {
    limit.tv_sec = static_cast<time_t>(timeout.count() / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(timeout.count() % 1'000'000'000);
  }
  // EINTR is an early return, which the contract allows.
  ::ppoll(polled.data(), fds.size(), timeout < Nanoseconds::zero() ? nullptr : &limit, nullptr);
}

}  // namespace mayfly
