#include "async/run_delay.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace mayfly {

RunDelay::~RunDelay() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<Nanoseconds> RunDelay::read() {
  // A client's loop moves between the application's threads; the file names the one that opened it.
  const long thread = ::gettid();
  if (thread != thread_) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    thread_ = thread;
    return std::nullopt;
  }
  std::array<char, 128> text{};
  unsigned long long on_core_ns = 0;
  unsigned long long run_delay_ns = 0;
  if (fd_ < 0 || ::pread(fd_, text.data(), text.size() - 1, 0) <= 0 ||
      std::sscanf(text.data(), "%llu %llu", &on_core_ns, &run_delay_ns) != 2) {
    return std::nullopt;
  }
  return Nanoseconds(run_delay_ns);
}

}  // namespace mayfly
