// The position of an open file: that of its memfd, which all processes that share the description
// share.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

#include "shim/descriptor.h"
#include "shim/real.h"

namespace mayfly::shim {

/// transfer(position), which gives a count as read(2) does, at a range of `bytes` bytes that nobody
/// else gets; what it did not use is given back.
template <class Transfer>
ssize_t at_position(int fd, std::size_t bytes, Transfer transfer) {
  const auto range = static_cast<off_t>(bytes);
  const off_t end = MAYFLY_REAL(lseek)(fd, range, SEEK_CUR);
  if (end < 0) return -1;
  const ssize_t done = transfer(end - range);
  const off_t used = done < 0 ? 0 : static_cast<off_t>(done);
  if (used == range) return done;
  const int error = errno;
  MAYFLY_REAL(lseek)(fd, used - range, SEEK_CUR);
  errno = error;
  return done;
}

/// lseek(2), with all of its five kinds.
off_t move_position(const Held& held, int fd, off_t offset, int whence);
/// After a write behind the end of the file: the position is behind what was written.
void follow_append(const Held& held, int fd);

}  // namespace mayfly::shim
