// The position of an open file: in the process's memory as long as the description is the process's
// alone. Once it has a memfd of its own (descriptor.h) it is the memfd's position, which the kernel
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

inline bool is_shared(const Held& held) { return held->position.load() == kShared; }

/// lseek(2), with all of its five kinds.
off_t move_position(const Held& held, int fd, off_t offset, int whence);
/// After a write behind the end of the file: the position is behind what was written.
void follow_append(const Held& held, int fd);

/// The position on its way to the memfd, for whoever asks waits until put_position(); kShared: it
/// is there already, and nothing has to be put.
off_t lift_position(const Held& held);
/// A position, or kShared.
void put_position(const Held& held, off_t position);

}  // namespace mayfly::shim
