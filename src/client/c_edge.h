// What the files of the C edge share: errno, and tasks run on the process's membership.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
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

inline std::nullptr_t refuse(Errc code) {
  fail(code);
  return nullptr;
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

/// The result of the task `make(file)` on an open file; bad_descriptor.
template <class Make>
auto run_on(int fd, Make make) -> decltype(make(std::declval<File&>()).take()) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  auto file = (*membership)->find(fd);
  if (!file) return file.error();
  return (*membership)->session().run(make(**file));
}

/// bad_descriptor, which comes before whatever else is wrong with a call.
inline Status check_open(int fd) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  return to_status(to_errc((*membership)->find(fd)));
}

/// What an *at call means by `path`: bad_address, bad_descriptor, not_a_directory.
inline Result<PathAt> path_at(Membership& membership, int directory, const char* path) {
  if (path == nullptr) return Errc::bad_address;
  if (path[0] == '/' || directory == AT_FDCWD) return PathAt(path);
  MAYFLY_TRY(file, membership.find(directory));
  if (!file->is_directory()) return Errc::not_a_directory;
  return PathAt(file->id(), path);
}

/// The result of the task `make(session, path)`.
template <class Make>
auto run_at(int directory, const char* path, Make make)
    -> decltype(make(std::declval<Session&>(), std::declval<PathAt>()).take()) {
  auto membership = Membership::current();
  if (!membership) return membership.error();
  auto meant = path_at(**membership, directory, path);
  if (!meant) return meant.error();
  Session& session = (*membership)->session();
  return session.run(make(session, std::move(*meant)));
}

/// openat(2), with a layout for a new file.
int open_at(int directory, const char* path, int flags, mode_t mode, std::optional<Layout> layout);

/// A descriptor for a file just opened; closes it if there is none.
int add_open(Membership& membership, std::unique_ptr<File>& file);

/// What the C library calls a file, and its attributes.
ino_t inode_number(FileId id);
struct stat stat_of(const Attributes& attributes);

/// Since 1970. What 64 bits of nanoseconds cannot hold becomes the nearest that they can, as the
/// kernel does with times that a file system cannot keep.
std::int64_t nanoseconds_of(const timespec& time);

/// What mayfly_umask said, else the umask as it was at the first creation. umask(2) cannot be read
/// without setting it, which would for a moment change what other threads create elsewhere; /proc
/// can, but not for every file.
mode_t process_umask();

inline std::uint32_t permissions(mode_t mode) { return mode & ~process_umask() & 07777; }

}  // namespace mayfly::c_edge
