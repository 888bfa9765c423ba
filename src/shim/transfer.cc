// read(2), write(2) and their like.
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "shim/descriptor.h"
#include "shim/position.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

/// What Linux transfers at most by one call.
constexpr std::size_t kMost = 0x7ffff000;

/// Whether preadv2 and pwritev2 may be asked for it; if not, errno.
bool are_known(int flags) {
  constexpr int kHints = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT;
  if ((flags & ~(kHints | RWF_APPEND)) == 0) return true;
  errno = EOPNOTSUPP;
  return false;
}

ssize_t write_here(const Held& held, int fd, const void* buffer, std::size_t bytes) {
  if ((held->flags.load() & O_APPEND) != 0) {
    const ssize_t written = held.call(&Library::write, buffer, bytes);
    if (written > 0) follow_append(held, fd);
    return written;
  }
  return at_position(held, fd, bytes,
                     [&](off_t at) { return held.call(&Library::pwrite, buffer, bytes, at); });
}

std::size_t sum_of(const iovec* places, int count) {
  std::size_t sum = 0;
  for (int place = 0; place < count; ++place) sum += places[place].iov_len;
  return std::min(sum, kMost);
}

ssize_t write_all_here(const Held& held, int fd, const iovec* places, int count) {
  if ((held->flags.load() & O_APPEND) != 0) {
    const ssize_t written = held.call(&Library::writev, places, count);
    if (written > 0) follow_append(held, fd);
    return written;
  }
  return at_position(held, fd, sum_of(places, count),
                     [&](off_t at) { return held.call(&Library::pwritev, places, count, at); });
}

}  // namespace

MAYFLY_EXPORT ssize_t read(int fd, void* buffer, std::size_t bytes) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(read)(fd, buffer, bytes);
  bytes = std::min(bytes, kMost);
  return at_position(held, fd, bytes,
                     [&](off_t at) { return held.call(&Library::pread, buffer, bytes, at); });
}

MAYFLY_EXPORT ssize_t write(int fd, const void* buffer, std::size_t bytes) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(write)(fd, buffer, bytes);
  return write_here(held, fd, buffer, std::min(bytes, kMost));
}

MAYFLY_EXPORT ssize_t pread(int fd, void* buffer, std::size_t bytes, off_t offset) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(pread)(fd, buffer, bytes, offset);
  return held.call(&Library::pread, buffer, std::min(bytes, kMost), offset);
}
MAYFLY_SAME(pread64, pread);

MAYFLY_EXPORT ssize_t pwrite(int fd, const void* buffer, std::size_t bytes, off_t offset) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(pwrite)(fd, buffer, bytes, offset);
  return held.call(&Library::pwrite, buffer, std::min(bytes, kMost), offset);
}
MAYFLY_SAME(pwrite64, pwrite);

MAYFLY_EXPORT ssize_t readv(int fd, const iovec* places, int count) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(readv)(fd, places, count);
  return at_position(held, fd, sum_of(places, count),
                     [&](off_t at) { return held.call(&Library::preadv, places, count, at); });
}

MAYFLY_EXPORT ssize_t writev(int fd, const iovec* places, int count) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(writev)(fd, places, count);
  return write_all_here(held, fd, places, count);
}

MAYFLY_EXPORT ssize_t preadv(int fd, const iovec* places, int count, off_t offset) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(preadv)(fd, places, count, offset);
  return held.call(&Library::preadv, places, count, offset);
}
MAYFLY_SAME(preadv64, preadv);

MAYFLY_EXPORT ssize_t pwritev(int fd, const iovec* places, int count, off_t offset) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(pwritev)(fd, places, count, offset);
  return held.call(&Library::pwritev, places, count, offset);
}
MAYFLY_SAME(pwritev64, pwritev);

MAYFLY_EXPORT ssize_t preadv2(int fd, const iovec* places, int count, off_t offset, int flags) {
  if (!is_ours(fd)) return MAYFLY_REAL(preadv2)(fd, places, count, offset, flags);
  if (!are_known(flags)) return -1;
  return offset == -1 ? ::readv(fd, places, count) : ::preadv(fd, places, count, offset);
}
MAYFLY_SAME(preadv64v2, preadv2);

MAYFLY_EXPORT ssize_t pwritev2(int fd, const iovec* places, int count, off_t offset, int flags) {
  if (!is_ours(fd)) return MAYFLY_REAL(pwritev2)(fd, places, count, offset, flags);
  if ((flags & RWF_APPEND) != 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  if (!are_known(flags)) return -1;
  const ssize_t written =
      offset == -1 ? ::writev(fd, places, count) : ::pwritev(fd, places, count, offset);
  const bool must_sync = written > 0 && (flags & (RWF_SYNC | RWF_DSYNC)) != 0;
  return must_sync && ::fsync(fd) != 0 ? -1 : written;
}
MAYFLY_SAME(pwritev64v2, pwritev2);

// What calls with _FORTIFY_SOURCE become.
MAYFLY_EXPORT ssize_t __read_chk(int fd, void* buffer, std::size_t bytes, std::size_t room) {
  if (bytes > room) __builtin_trap();
  return ::read(fd, buffer, bytes);
}

MAYFLY_EXPORT ssize_t __pread_chk(int fd, void* buffer, std::size_t bytes, off_t offset,
                                  std::size_t room) {
  if (bytes > room) __builtin_trap();
  return ::pread(fd, buffer, bytes, offset);
}
MAYFLY_SAME(__pread64_chk, __pread_chk);

MAYFLY_EXPORT off_t lseek(int fd, off_t offset, int whence) noexcept {
  const Held held = find(fd);
  return held ? move_position(held, fd, offset, whence) : MAYFLY_REAL(lseek)(fd, offset, whence);
}
MAYFLY_SAME(lseek64, lseek);
