// What the files of the C edge share: errno, and tasks run on the process's membership.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <utility>

#include "client/file.h"
#include "client/membership.h"

namespace mayfly::c_edge {

inline int fail(Errc code) {
  errno = to_errno(code);
  return -1;
}

inline int give(const Status& status) { return status ? 0 : fail(status.error()); }

inline ssize_t give_count(const Result<std::size_t>& count) {
  return count ? static_cast<ssize_t>(*count) : fail(count.error());
}

/// The result of the task `make(session)`; not_connected outside of a session.
template <class Make>
auto run(Make make) -> decltype(make(std::declval<Session&>()).take()) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  Session& session = (*membership)->session();
  return session.run(make(session));
}

/// The same for a task that needs what the caller's pointer points to.
template <class Make>
auto run_with(const void* pointer, Make make) -> decltype(run(make)) {
  if (pointer == nullptr) return Errc::bad_address;
  return run(make);
}

/// The result of the task `make(file)` on an open file; bad_descriptor.
template <class Make>
auto run_on(int fd, Make make) -> decltype(make(std::declval<File&>()).take()) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  auto file = (*membership)->find(fd);
  if (!file) return file.error();
  return (*membership)->session().run(make(**file));
}

}  // namespace mayfly::c_edge
