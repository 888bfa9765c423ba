// What other processes may get: each with a memfd of its own, which has its name and its position.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "shim/descriptor.h"
#include "shim/memfd.h"
#include "shim/position.h"
#include "shim/real.h"

namespace mayfly::shim {
namespace {

/// In place of what the number has, if it is open.
void put_at(int memfd, int fd) {
  const int kept = MAYFLY_REAL(fcntl)(fd, F_GETFD);
  if (kept >= 0) MAYFLY_REAL(dup3)(memfd, fd, (kept & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
}

/// At all numbers of the description, of which `first` is the smallest.
void put_at_all(int memfd, const Held& held, int first) {
  constexpr int kSlotAndUs = 2;
  put_at(memfd, first);
  if (held->holders.load() == kSlotAndUs) return;
  for (int fd = first + 1; fd <= largest_ours(); ++fd) {
    if (hold(fd).get() == held.get()) put_at(memfd, fd);
  }
}

void share_description(int fd) {
  const ChangingNumbers changing;
  const Held held = hold(fd);
  if (!held) return;
  const off_t position = lift_position(held);
  if (position == kShared) return;
  const int memfd = make_memfd(held->ticket, held->flags.load() | O_CLOEXEC);
  if (memfd < 0) {
    std::fprintf(stderr, "mayfly: %s cannot be handed on to another program: %s.\n",
                 held->path.empty() ? "an open file" : held->path.c_str(), std::strerror(errno));
    return put_position(held, position);
  }
  MAYFLY_REAL(lseek)(memfd, position, SEEK_SET);
  put_at_all(memfd, held, fd);
  MAYFLY_REAL(close)(memfd);
  put_position(held, kShared);
}

}  // namespace

void share_descriptions() {
  const int error = errno;
  for (int fd = 0; fd <= largest_ours(); ++fd) {
    if (is_number_of_ours(fd)) share_description(fd);
  }
  errno = error;
}

}  // namespace mayfly::shim
