// Numbers of descriptors: close, dup and fcntl. The kernel has them all; our table follows.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdarg>

#include "shim/descriptor.h"
#include "shim/position.h"
#include "shim/private_descriptor.h"
#include "shim/real.h"
#include "shim/standard_stream.h"

using namespace mayfly::shim;

namespace {

constexpr int kStatusFlags = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

int refuse(int error) {
  errno = error;
  return -1;
}

/// libmayfly's own descriptors are no business of the program's.
bool is_hidden(int fd) { return is_private(fd) && !Inside::is_so(); }

/// `make()` has the kernel make a number of `old`.
template <class Make>
int duplicate(int old, Make make) {
  int made = -1;
  if (is_ours(old)) {
    const ChangingNumbers changing;
    made = make();
    if (made >= 0) share(changing, old, made);
  } else {
    made = make();
  }
  if (made >= 0) follow_descriptor(made);
  return made;
}

/// `fd` is about to be closed by the kernel, or replaced.
int let_go(int fd) {
  if (!is_ours(fd)) return 0;
  const int closed = forget(fd);
  const int error = errno;
  follow_descriptor(fd);
  errno = error;
  return closed;
}

int replace(int old, int fd, int flags, bool may_be_same) {
  if (is_hidden(old) || is_hidden(fd)) return refuse(EBADF);
  if (old == fd) return may_be_same ? MAYFLY_REAL(dup2)(old, fd) : refuse(EINVAL);
  const Held held = find(old);
  if (!held && !is_ours(fd)) return MAYFLY_REAL(dup3)(old, fd, flags);
  if (MAYFLY_REAL(fcntl)(old, F_GETFD) < 0) return -1;
  let_go(fd);
  return duplicate(old, [&] { return MAYFLY_REAL(dup3)(old, fd, flags); });
}

/// The library keeps no position of its own.
int lock(const Held& held, int fd, int command, struct flock* range) {
  struct flock from_start = *range;
  if (range->l_whence == SEEK_CUR) {
    from_start.l_start += advance(held, fd, 0);
    from_start.l_whence = SEEK_SET;
  }
  const int done = held.wait_for(&Library::fcntl_lock, command, &from_start);
  if (done == 0 && (command == F_GETLK || command == F_OFD_GETLK)) *range = from_start;
  return done;
}

int set_flags(const Held& held, int fd, int flags) {
  const int kept = held->flags.load() & ~kStatusFlags;
  const int now = kept | (flags & kStatusFlags);
  {
    const ChangingNumbers changing;
    held->flags = now;
    // The kernel's copy tells those who inherit the descriptor.
    if (is_shared(held)) MAYFLY_REAL(fcntl)(fd, F_SETFL, flags & (O_APPEND | O_NONBLOCK));
  }
  return held.call(&Library::set_append, now & O_APPEND);
}

int control(const Held& held, int fd, int command, void* argument) {
  switch (command) {
    case F_GETFL:
      return held->flags.load();
    case F_SETFL:
      return set_flags(held, fd, static_cast<int>(reinterpret_cast<long>(argument)));
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
      return lock(held, fd, command, static_cast<struct flock*>(argument));
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(fd, [&] { return MAYFLY_REAL(fcntl)(fd, command, argument); });
    case F_GETFD:
    case F_SETFD:
      return MAYFLY_REAL(fcntl)(fd, command, argument);
    case F_GETOWN:
    case F_SETOWN:
      return 0;
    default:
      return refuse(EINVAL);
  }
}

}  // namespace

MAYFLY_EXPORT int close(int fd) {
  if (Inside::is_so()) {
    forget_private(fd);
    return MAYFLY_REAL(close)(fd);
  }
  if (is_hidden(fd)) return refuse(EBADF);
  if (!is_ours(fd)) return MAYFLY_REAL(close)(fd);
  const int closed = let_go(fd);
  const int error = errno;
  MAYFLY_REAL(close)(fd);
  errno = error;
  return closed;
}

MAYFLY_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
  if ((flags & ~static_cast<int>(CLOSE_RANGE_CLOEXEC)) != 0 || first > last) {
    return MAYFLY_REAL(close_range)(first, last, flags);
  }
  // Piece by piece, around libmayfly's own; theirs end below 1024.
  unsigned from = first;
  for (unsigned fd = first; fd <= std::min(last, 1023U); ++fd) {
    if (!is_hidden(static_cast<int>(fd))) {
      if ((flags & CLOSE_RANGE_CLOEXEC) == 0) let_go(static_cast<int>(fd));
      continue;
    }
    if (from < fd && MAYFLY_REAL(close_range)(from, fd - 1, flags) != 0) return -1;
    from = fd + 1;
  }
  if ((flags & CLOSE_RANGE_CLOEXEC) == 0) {
    const auto end = std::min<long>(last, largest_ours());
    for (long fd = std::max(first, 1024U); fd <= end; ++fd) let_go(static_cast<int>(fd));
  }
  return from > last ? 0 : MAYFLY_REAL(close_range)(from, last, flags);
}

MAYFLY_EXPORT void closefrom(int first) noexcept {
  ::close_range(static_cast<unsigned>(std::max(first, 0)), UINT_MAX, 0);
}

MAYFLY_EXPORT int dup(int old) noexcept {
  if (is_hidden(old)) return refuse(EBADF);
  return if_private(duplicate(old, [&] { return MAYFLY_REAL(dup)(old); }));
}

MAYFLY_EXPORT int dup2(int old, int fd) noexcept { return replace(old, fd, 0, true); }

MAYFLY_EXPORT int dup3(int old, int fd, int flags) noexcept {
  return replace(old, fd, flags, false);
}

MAYFLY_EXPORT int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  const Held held = find(fd);
  if (held) return control(held, fd, command, argument);
  if (is_hidden(fd)) return refuse(EBADF);
  return MAYFLY_REAL(fcntl)(fd, command, argument);
}
MAYFLY_SAME(fcntl64, fcntl);
