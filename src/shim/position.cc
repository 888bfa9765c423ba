#include "shim/position.h"

#include <sys/stat.h>

#include <cerrno>

namespace mayfly::shim {

off_t move_position(const Held& held, int fd, off_t offset, int whence) {
  off_t target = offset;
  switch (whence) {
    case SEEK_SET:
    case SEEK_CUR:
      return MAYFLY_REAL(lseek)(fd, offset, whence);
    case SEEK_END: {
      struct stat status {};
      if (held.call(&Library::fstat, &status) != 0) return -1;
      if (__builtin_add_overflow(status.st_size, offset, &target)) {
        errno = EOVERFLOW;
        return -1;
      }
      break;
    }
    default:
      target = held.call(&Library::lseek, offset, whence);
      if (target < 0) return -1;
  }
  return MAYFLY_REAL(lseek)(fd, target, SEEK_SET);
}

void follow_append(const Held& held, int fd) {
  const off_t behind = held.call(&Library::lseek, off_t{0}, SEEK_CUR);
  if (behind >= 0) MAYFLY_REAL(lseek)(fd, behind, SEEK_SET);
}

}  // namespace mayfly::shim
