// The calls by which UCX and libmayfly get descriptors and a thread of their own; open(2)
// is in open.cc.
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <memory>

#include "shim/library.h"
#include "shim/private_descriptor.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

struct Start {
  void* (*function)(void*);
  void* argument;
};

/// A thread of UCX's is inside of libmayfly as long as it lives: no signal is for it.
void* run_inside(void* given) {
  const Start start = *std::unique_ptr<Start>(static_cast<Start*>(given));
  const Inside inside;
  return start.function(start.argument);
}

}  // namespace

MAYFLY_EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                 void* (*function)(void*), void* argument) noexcept {
  if (!Inside::is_so()) return MAYFLY_REAL(pthread_create)(thread, attributes, function, argument);
  remember_thread(function, argument);
  const BlockedSignals inherited;
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = MAYFLY_REAL(pthread_create)(thread, attributes, run_inside, start.get());
  if (error == 0) start.release();
  return error;
}

MAYFLY_EXPORT int epoll_ctl(int set, int operation, int fd, epoll_event* event) noexcept {
  const int done = MAYFLY_REAL(epoll_ctl)(set, operation, fd, event);
  if (done == 0 && operation == EPOLL_CTL_ADD && Inside::is_so()) remember_event(set, fd, *event);
  return done;
}

// clang-format off
MAYFLY_EXPORT int socket(int domain, int type, int protocol) noexcept {
  return if_private(MAYFLY_REAL(socket)(domain, type, protocol));
}
MAYFLY_EXPORT int accept(int fd, sockaddr* address, socklen_t* length) {
  return if_private(MAYFLY_REAL(accept)(fd, address, length));
}
MAYFLY_EXPORT int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return if_private(MAYFLY_REAL(accept4)(fd, address, length, flags));
}
MAYFLY_EXPORT int epoll_create(int size) noexcept {
  return if_private(MAYFLY_REAL(epoll_create)(size), PrivateKind::epoll);
}
MAYFLY_EXPORT int epoll_create1(int flags) noexcept {
  return if_private(MAYFLY_REAL(epoll_create1)(flags), PrivateKind::epoll);
}
MAYFLY_EXPORT int eventfd(unsigned count, int flags) noexcept {
  return if_private(MAYFLY_REAL(eventfd)(count, flags), PrivateKind::event);
}
MAYFLY_EXPORT int timerfd_create(clockid_t clock, int flags) noexcept {
  return if_private(MAYFLY_REAL(timerfd_create)(clock, flags));
}
MAYFLY_EXPORT int signalfd(int fd, const sigset_t* mask, int flags) noexcept {
  return if_private(MAYFLY_REAL(signalfd)(fd, mask, flags));
}
MAYFLY_EXPORT int shm_open(const char* name, int flags, mode_t mode) {
  return if_private(MAYFLY_REAL(shm_open)(name, flags, mode));
}
MAYFLY_EXPORT int inotify_init() noexcept {
  return if_private(MAYFLY_REAL(inotify_init)());
}
MAYFLY_EXPORT int inotify_init1(int flags) noexcept {
  return if_private(MAYFLY_REAL(inotify_init1)(flags));
}
MAYFLY_EXPORT int socketpair(int domain, int type, int protocol, int fds[2]) noexcept {
  const int made = MAYFLY_REAL(socketpair)(domain, type, protocol, fds);
  for (int end = 0; made == 0 && end < 2; ++end) fds[end] = if_private(fds[end]);
  return made;
}
MAYFLY_EXPORT int pipe2(int fds[2], int flags) noexcept {
  const int made = MAYFLY_REAL(pipe2)(fds, flags);
  if (made == 0) if_private_pipe(fds);
  return made;
}
MAYFLY_EXPORT int pipe(int fds[2]) noexcept { return ::pipe2(fds, 0); }
// clang-format on
