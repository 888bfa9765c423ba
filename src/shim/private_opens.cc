// The calls by which UCX and libmayfly get descriptors of their own; open(2) is in open.cc.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "shim/private_descriptor.h"
#include "shim/real.h"

using mayfly::shim::if_private;

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
  return if_private(MAYFLY_REAL(epoll_create)(size));
}
MAYFLY_EXPORT int epoll_create1(int flags) noexcept {
  return if_private(MAYFLY_REAL(epoll_create1)(flags));
}
MAYFLY_EXPORT int eventfd(unsigned count, int flags) noexcept {
  return if_private(MAYFLY_REAL(eventfd)(count, flags));
}
MAYFLY_EXPORT int timerfd_create(clockid_t clock, int flags) noexcept {
  return if_private(MAYFLY_REAL(timerfd_create)(clock, flags));
}
MAYFLY_EXPORT int signalfd(int fd, const sigset_t* mask, int flags) noexcept {
  return if_private(MAYFLY_REAL(signalfd)(fd, mask, flags));
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
  for (int end = 0; made == 0 && end < 2; ++end) fds[end] = if_private(fds[end]);
  return made;
}
MAYFLY_EXPORT int pipe(int fds[2]) noexcept { return ::pipe2(fds, 0); }
// clang-format on
