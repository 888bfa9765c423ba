#include "shim/private_descriptor.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

#include "shim/library.h"
#include "shim/real.h"

namespace mayfly::shim {
namespace {

/// Below it select() works; a table of descriptors that large takes 8 KiB of the kernel.
constexpr int kHighest = 1024;

struct Private {
  std::atomic<PrivateKind> kind{PrivateKind::none};
  int other_end = -1;  ///< of a pipe's end that is read
};

struct Registration {
  int set = -1;
  int fd = -1;
  epoll_event event{};
};

struct Thread {
  void* (*function)(void*) = nullptr;
  void* argument = nullptr;
};

constinit std::array<Private, kHighest> all{};
constinit std::atomic<bool> has_any{false};
/// UCX's thread waits for its own pipe; what contexts register is their own affair.
constinit std::array<Registration, 16> registrations{};
constinit std::atomic<unsigned> registered{0};
constinit Thread ucx_thread{};

Private& entry(int fd) { return all[static_cast<std::size_t>(fd)]; }

int first_private() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kHighest / 2;
  // A child keeps its parent's numbers taken, so there must be room for some generations.
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kHighest)) / 2;
}

/// `fresh` takes the place of `fd`; whether it went well.
bool put_in_place(int fresh, int fd) {
  if (fresh < 0) return false;
  const bool is_there = MAYFLY_REAL(dup3)(fresh, fd, O_CLOEXEC) == fd;
  MAYFLY_REAL(close)(fresh);
  return is_there;
}

bool renew_pipe(int read_end, int write_end) {
  int ends[2];
  if (MAYFLY_REAL(pipe2)(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  const bool reads = put_in_place(ends[0], read_end);
  return put_in_place(ends[1], write_end) && reads;
}

bool renew(int fd) {
  switch (entry(fd).kind.load()) {
    case PrivateKind::none:
    case PrivateKind::lasting:
      return true;
    case PrivateKind::epoll:
      return put_in_place(MAYFLY_REAL(epoll_create1)(EPOLL_CLOEXEC), fd);
    case PrivateKind::event:
      return put_in_place(MAYFLY_REAL(eventfd)(0, EFD_CLOEXEC | EFD_NONBLOCK), fd);
    case PrivateKind::pipe:
      return entry(fd).other_end < 0 || renew_pipe(fd, entry(fd).other_end);
    case PrivateKind::other:
      return put_in_place(MAYFLY_REAL(open)("/dev/null", O_PATH | O_CLOEXEC), fd);
  }
  return false;
}

}  // namespace

int if_private(int fd, PrivateKind kind) {
  if (fd < 0 || !Inside::is_so()) return fd;
  const int error = errno;
  int moved = MAYFLY_REAL(fcntl)(fd, F_DUPFD_CLOEXEC, first_private());
  if (moved >= 0) {
    MAYFLY_REAL(close)(fd);
  } else {
    moved = fd;
  }
  if (moved < kHighest) {
    entry(moved).other_end = -1;
    entry(moved).kind = kind;
    has_any = true;
  }
  errno = error;
  return moved;
}

void if_private_pipe(int ends[2]) {
  if (!Inside::is_so()) return;
  for (int end : {0, 1}) ends[end] = if_private(ends[end], PrivateKind::pipe);
  if (ends[0] < kHighest) entry(ends[0]).other_end = ends[1];
}

bool is_private(int fd) {
  return has_any.load(std::memory_order_relaxed) && fd >= 0 && fd < kHighest &&
         entry(fd).kind.load(std::memory_order_relaxed) != PrivateKind::none;
}

void forget_private(int fd) {
  if (is_private(fd)) entry(fd).kind = PrivateKind::none;
}

void remember_event(int set, int fd, const epoll_event& event) {
  if (!is_private(fd) || entry(fd).kind.load() != PrivateKind::pipe) return;
  const unsigned at = registered.fetch_add(1);
  if (at < registrations.size()) registrations[at] = {set, fd, event};
}

void remember_thread(void* (*function)(void*), void* argument) {
  ucx_thread = {function, argument};
}

int repair_after_fork() {
  for (int fd = 0; fd < kHighest; ++fd) {
    if (!renew(fd)) return errno;
  }
  const unsigned count = std::min<unsigned>(registered.load(), registrations.size());
  for (unsigned at = 0; at < count; ++at) {
    Registration& known = registrations[at];
    // EEXIST, EPERM or EBADF: the number has had another life since.
    MAYFLY_REAL(epoll_ctl)(known.set, EPOLL_CTL_ADD, known.fd, &known.event);
  }
  if (ucx_thread.function == nullptr) return 0;
  pthread_t thread{};
  return ::pthread_create(&thread, nullptr, ucx_thread.function, ucx_thread.argument);
}

}  // namespace mayfly::shim
