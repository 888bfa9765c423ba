#include "shim/private_descriptor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "shim/library.h"
#include "shim/real.h"

namespace mayfly::shim {
namespace {

/// UCX opens about a dozen.
constexpr int kRoom = 64;
/// Below it select() works; a table of descriptors that large takes 8 KiB of the kernel.
constexpr int kHighest = 1024;

constinit std::array<std::atomic<bool>, kHighest> marks{};
constinit std::atomic<bool> has_any{false};

int first_private() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kHighest - kRoom;
  const auto soft = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kHighest));
  return std::max(soft - kRoom, soft / 2);
}

}  // namespace

int if_private(int fd) {
  if (fd < 0 || !Inside::is_so()) return fd;
  const int error = errno;
  int moved = MAYFLY_REAL(fcntl)(fd, F_DUPFD_CLOEXEC, first_private());
  if (moved >= 0) {
    MAYFLY_REAL(close)(fd);
  } else {
    moved = fd;
  }
  if (moved < kHighest) {
    marks[static_cast<std::size_t>(moved)] = true;
    has_any = true;
  }
  errno = error;
  return moved;
}

bool is_private(int fd) {
  return has_any.load(std::memory_order_relaxed) && fd >= 0 && fd < kHighest &&
         marks[static_cast<std::size_t>(fd)].load(std::memory_order_relaxed);
}

void forget_private(int fd) {
  if (is_private(fd)) marks[static_cast<std::size_t>(fd)] = false;
}

void close_private() {
  if (!has_any) return;
  for (int fd = 0; fd < kHighest; ++fd) {
    if (!is_private(fd)) continue;
    forget_private(fd);
    MAYFLY_REAL(close)(fd);
  }
}

}  // namespace mayfly::shim
