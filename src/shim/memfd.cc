#include "shim/memfd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <mutex>

#include "shim/library.h"
#include "shim/private_descriptor.h"
#include "shim/real.h"
#include "shim/ticket_name.h"

namespace mayfly::shim {
namespace {

constinit std::atomic<int> common{-1};

int make_sealed(const char* name, int flags) {
  const int fd = MAYFLY_REAL(memfd_create)(name, MFD_ALLOW_SEALING | MFD_CLOEXEC);
  if (fd < 0) return -1;
  const int sealed =
      MAYFLY_REAL(fcntl)(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL);
  char itself[32];
  std::snprintf(itself, sizeof itself, "/proc/self/fd/%d", fd);
  // A descriptor that could be read would give an end of file to whoever bypasses us.
  const int unreadable = sealed != 0 ? -1 : MAYFLY_REAL(open)(itself, O_WRONLY | flags);
  const int error = errno;
  MAYFLY_REAL(close)(fd);
  errno = error;
  return unreadable;
}

/// `gone`: what the common one was before.
bool make_common(int gone) {
  const Inside inside;
  const std::lock_guard lock(making_lock());
  if (common.load() != gone) return true;
  const int made = if_private(make_sealed("mayfly", O_CLOEXEC), PrivateKind::lasting);
  if (made >= 0) common = made;
  return made >= 0;
}

}  // namespace

int make_number(int flags) {
  const int command = (flags & O_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD;
  const int before = common.load();
  const int fd = MAYFLY_REAL(fcntl)(before, command, 0);
  // A program that goes past us may have closed it.
  if (fd >= 0 || errno != EBADF || !make_common(before)) return fd;
  return MAYFLY_REAL(fcntl)(common.load(), command, 0);
}

int make_memfd(const mayfly_ticket& ticket, int flags) {
  return make_sealed(TicketName(ticket).text(), flags & (O_APPEND | O_NONBLOCK | O_CLOEXEC));
}

}  // namespace mayfly::shim
