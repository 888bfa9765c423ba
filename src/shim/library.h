// Library: libmayfly, loaded and joined when a process first touches the mount. A process that
// never does has neither it nor UCX.
//
// Owner: the process. Thread: any. A forked child joins for itself at its own first touch.
// Failure: one sentence on stderr, once in a process, and an errno for each call.
#pragma once

#include <mutex>

#include "mayfly/mayfly.h"
#include "shim/held_signals.h"

namespace mayfly::shim {

// clang-format off
#define MAYFLY_SHIM_FUNCTIONS(X)                                                                \
  X(join) X(leave) X(set_mount_point) X(umask) X(openat) X(close) X(get_ticket) X(open_ticket)  \
  X(set_append)                                                                                  \
  X(pread) X(write) X(pwrite) X(preadv) X(writev) X(pwritev) X(lseek) X(fstat) X(ftruncate)     \
  X(fchmod) X(fchown) X(futimens) X(fsync) X(sync) X(fallocate) X(fcntl_lock) X(flock)          \
  X(fstatat) X(mkdirat) X(unlinkat) X(renameat2) X(linkat) X(symlinkat) X(readlinkat)           \
  X(faccessat) X(fchmodat) X(fchownat) X(utimensat) X(setxattr) X(lsetxattr) X(fsetxattr)       \
  X(getxattr) X(lgetxattr) X(fgetxattr) X(listxattr) X(llistxattr) X(flistxattr)                \
  X(removexattr) X(lremovexattr) X(fremovexattr) X(statfs) X(fdopendir) X(readdir) X(telldir)   \
  X(seekdir) X(rewinddir) X(closedir)
// clang-format on

/// The functions of mayfly.h, without their prefix.
struct Library {
#define MAYFLY_SHIM_DECLARE(name) decltype(&::mayfly_##name) name = nullptr;
  MAYFLY_SHIM_FUNCTIONS(MAYFLY_SHIM_DECLARE)
#undef MAYFLY_SHIM_DECLARE
};

/// Joined. nullptr and errno if the file system cannot be reached.
const Library* library();
/// What library() would give without joining; nullptr before the first touch.
const Library* library_if_joined();
/// Closes and leaves, if the process has joined: it is about to end or to become another program.
/// Joins again if it turns out to live on.
void leave_library();
/// What the process's umask is from now on.
void tell_umask(mode_t mask);

/// Of what all threads of the process make together; anew in a forked child, as the next.
std::mutex& making_lock();
/// Of which number stands for which file.
std::mutex& numbers_lock();
/// Once, before the program runs.
void watch_forks();

/// Counts the processes from the first one on along the forks: what belongs to a parent's
/// membership is of an older generation.
unsigned process_generation();

/// While a thread is inside of libmayfly its own calls of libc go straight there, and signals wait:
/// a handler cannot come between, and a process that one of them ends has not begun a message to a
/// server that it does not finish, which would keep all others of the node from being heard. Only
/// what may wait for another process, a lock, lets signals in.
class Inside {
 public:
  enum class Signals : bool { wait, come };

  explicit Inside(Signals signals = Signals::wait)
      : holds_(depth_ == 0 && signals == Signals::wait) {
    if (holds_) HeldSignals::hold();
    ++depth_;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() {
    --depth_;
    if (holds_) HeldSignals::release();
  }
  static bool is_so() { return depth_ != 0; }

 private:
  static thread_local int depth_;
  bool holds_;
};

/// library->function(arguments...), inside.
template <class Function, class... Arguments>
auto call(Function function, Arguments... arguments) {
  const Inside inside;
  return function(arguments...);
}

}  // namespace mayfly::shim
