#include "shim/position.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/real.h"

namespace mayfly::shim {
namespace {

/// On the way to the memfd.
constexpr off_t kMoving = -2;

/// Where it is, or kShared.
off_t settled(const std::atomic<off_t>& position) {
  off_t now = position.load();
  while (now == kMoving) {
    ::sched_yield();
    now = position.load();
  }
  return now;
}

off_t set_position(const Held& held, int fd, off_t target) {
  std::atomic<off_t>& position = held->position;
  off_t now = settled(position);
  if (now != kShared && target < 0) {
    errno = EINVAL;
    return -1;
  }
  while (now != kShared && !position.compare_exchange_weak(now, target)) now = settled(position);
  return now == kShared ? MAYFLY_REAL(lseek)(fd, target, SEEK_SET) : target;
}

}  // namespace

off_t advance(const Held& held, int fd, off_t bytes) {
  std::atomic<off_t>& position = held->position;
  off_t now = settled(position);
  while (now != kShared) {
    off_t target = 0;
    if (__builtin_add_overflow(now, bytes, &target) || target < 0) {
      errno = target < 0 && bytes < 0 ? EINVAL : EOVERFLOW;
      return -1;
    }
    if (position.compare_exchange_weak(now, target)) return now;
    now = settled(position);
  }
  const off_t target = MAYFLY_REAL(lseek)(fd, bytes, SEEK_CUR);
  return target < 0 ? -1 : target - bytes;
}

off_t move_position(const Held& held, int fd, off_t offset, int whence) {
  off_t target = offset;
  switch (whence) {
    case SEEK_SET:
      break;
    case SEEK_CUR: {
      const off_t before = advance(held, fd, offset);
      return before < 0 ? -1 : before + offset;
    }
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
  return set_position(held, fd, target);
}

void follow_append(const Held& held, int fd) {
  const off_t behind = held.call(&Library::lseek, off_t{0}, SEEK_CUR);
  if (behind >= 0) set_position(held, fd, behind);
}

off_t lift_position(const Held& held) {
  off_t now = settled(held->position);
  while (now != kShared && !held->position.compare_exchange_weak(now, kMoving)) {
    now = settled(held->position);
  }
  return now;
}

void put_position(const Held& held, off_t position) { held->position.store(position); }

}  // namespace mayfly::shim
