// The position of an open file: in the process's memory as long as the description is the process's
// alone. From the first fork, exec or spawn on it is the memfd's own position, which the kernel
// shares between all that share the description, at the cost of a system call.
//
// Thread: any; each takes a range of its own. Failure: -1 and errno.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>

#include "shim/descriptor.h"

namespace mayfly::shim {

/// What Description::position says instead of a position: it is the memfd's.
constexpr off_t kShared = -1;

/// Moves the position by `bytes`, from what it is; the position before.
off_t advance(const Held& held, int fd, off_t bytes);

/// transfer(position), which gives a count as read(2) does, at a range of `bytes` bytes that nobody
/// else gets; what it did not use is given back.
template <class Transfer>
ssize_t at_position(const Held& held, int fd, std::size_t bytes, Transfer transfer) {
  const auto range = static_cast<off_t>(bytes);
  const off_t begin = advance(held, fd, range);
  if (begin < 0) return -1;
  const ssize_t done = transfer(begin);
  const off_t used = done < 0 ? 0 : static_cast<off_t>(done);
  if (used == range) return done;
  const int error = errno;
  advance(held, fd, used - range);
  errno = error;
  return done;
}

/// lseek(2), with all of its five kinds.
off_t move_position(const Held& held, int fd, off_t offset, int whence);
/// After a write behind the end of the file: the position is behind what was written.
void follow_append(const Held& held, int fd);

/// Other processes are about to get the process's descriptors.
void share_positions();

}  // namespace mayfly::shim
