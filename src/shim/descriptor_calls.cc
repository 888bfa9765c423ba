// What is done to the file that a descriptor has open, its attributes apart.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdarg>

#include "shim/descriptor.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

int check_range(off_t offset, off_t bytes) { return offset < 0 || bytes < 0 ? EINVAL : 0; }

/// The bytes from the position to the end.
int count_ahead(int fd, int* count) {
  struct stat status {};
  const off_t position = ::lseek(fd, 0, SEEK_CUR);
  if (position < 0 || ::fstat(fd, &status) != 0) return -1;
  const off_t ahead = std::max<off_t>(status.st_size - position, 0);
  *count = static_cast<int>(std::min<off_t>(ahead, INT_MAX));
  return 0;
}

}  // namespace

MAYFLY_EXPORT int ftruncate(int fd, off_t size) noexcept {
  const Held held = find(fd);
  return held ? held.call(&Library::ftruncate, size) : MAYFLY_REAL(ftruncate)(fd, size);
}
MAYFLY_SAME(ftruncate64, ftruncate);

MAYFLY_EXPORT int fsync(int fd) {
  const Held held = find(fd);
  return held ? held.call(&Library::fsync) : MAYFLY_REAL(fsync)(fd);
}

MAYFLY_EXPORT int fdatasync(int fd) {
  const Held held = find(fd);
  return held ? held.call(&Library::fsync) : MAYFLY_REAL(fdatasync)(fd);
}

MAYFLY_EXPORT int sync_file_range(int fd, off_t offset, off_t bytes, unsigned flags) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(sync_file_range)(fd, offset, bytes, flags);
  return held.call(&Library::fsync);
}

MAYFLY_EXPORT int syncfs(int fd) noexcept {
  if (!is_ours(fd)) return MAYFLY_REAL(syncfs)(fd);
  const Library* const joined = library();
  return joined == nullptr ? -1 : call(joined->sync);
}

MAYFLY_EXPORT void sync() noexcept {
  // Of a process that has never touched the mount nothing waits to be written.
  if (const Library* const joined = library_if_joined(); joined != nullptr && !Inside::is_so()) {
    call(joined->sync);
  }
  MAYFLY_REAL(sync)();
}

MAYFLY_EXPORT int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  const Held held = find(fd);
  return held ? held.call(&Library::fallocate, mode, offset, bytes)
              : MAYFLY_REAL(fallocate)(fd, mode, offset, bytes);
}
MAYFLY_SAME(fallocate64, fallocate);

MAYFLY_EXPORT int posix_fallocate(int fd, off_t offset, off_t bytes) {
  const Held held = find(fd);
  if (!held) return MAYFLY_REAL(posix_fallocate)(fd, offset, bytes);
  const int before = errno;
  const int error = held.call(&Library::fallocate, 0, offset, bytes) == 0 ? 0 : errno;
  errno = before;
  return error;
}
MAYFLY_SAME(posix_fallocate64, posix_fallocate);

MAYFLY_EXPORT int posix_fadvise(int fd, off_t offset, off_t bytes, int advice) noexcept {
  return is_ours(fd) ? check_range(0, bytes)
                     : MAYFLY_REAL(posix_fadvise)(fd, offset, bytes, advice);
}
MAYFLY_SAME(posix_fadvise64, posix_fadvise);

MAYFLY_EXPORT ssize_t readahead(int fd, off_t offset, std::size_t bytes) noexcept {
  return is_ours(fd) ? 0 : MAYFLY_REAL(readahead)(fd, offset, bytes);
}

MAYFLY_EXPORT int flock(int fd, int operation) noexcept {
  const Held held = find(fd);
  return held ? held.wait_for(&Library::flock, operation) : MAYFLY_REAL(flock)(fd, operation);
}

MAYFLY_EXPORT int lockf(int fd, int command, off_t bytes) {
  if (!is_ours(fd)) return MAYFLY_REAL(lockf)(fd, command, bytes);
  struct flock range {};
  range.l_type = command == F_ULOCK ? F_UNLCK : F_WRLCK;
  range.l_whence = SEEK_CUR;
  range.l_len = bytes;
  switch (command) {
    case F_LOCK:
      return ::fcntl(fd, F_SETLKW, &range);
    case F_TLOCK:
    case F_ULOCK:
      return ::fcntl(fd, F_SETLK, &range);
    case F_TEST:
      if (::fcntl(fd, F_GETLK, &range) != 0) return -1;
      if (range.l_type == F_UNLCK) return 0;
      errno = EACCES;
      return -1;
    default:
      errno = EINVAL;
      return -1;
  }
}
MAYFLY_SAME(lockf64, lockf);

MAYFLY_EXPORT int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  if (request == FIONREAD && is_ours(fd)) return count_ahead(fd, static_cast<int*>(argument));
  // Close-on-exec is the kernel's; a file knows nothing else, and clones nothing.
  if (!is_ours(fd) || request == FIOCLEX || request == FIONCLEX) {
    return MAYFLY_REAL(ioctl)(fd, request, argument);
  }
  errno = ENOTTY;
  return -1;
}
