// Modes, owners, times, sizes by path, and access.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#include <array>
#include <cerrno>
#include <string>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

/// `times` in nanoseconds; nullptr for now.
const timespec* precise(const timeval* times, std::array<timespec, 2>& storage) {
  if (times == nullptr) return nullptr;
  for (std::size_t which : {0U, 1U}) {
    storage[which] = {times[which].tv_sec, times[which].tv_usec * 1000};
  }
  return storage.data();
}

int set_times(const Place& place, const timeval* times, int flags) {
  std::array<timespec, 2> storage{};
  return place.call_either(&Library::utimensat, MAYFLY_REAL(utimensat), precise(times, storage),
                           flags);
}

}  // namespace

MAYFLY_EXPORT int fchmodat(int directory, const char* path, mode_t mode, int flags) noexcept {
  const Place place(directory, path);
  return place.is_ours() ? place.call_either(&Library::fchmodat, MAYFLY_REAL(fchmodat), mode, flags)
                         : MAYFLY_REAL(fchmodat)(directory, place.outside(), mode, flags);
}

MAYFLY_EXPORT int chmod(const char* path, mode_t mode) noexcept {
  return ::fchmodat(AT_FDCWD, path, mode, 0);
}

MAYFLY_EXPORT int lchmod(const char* path, mode_t mode) noexcept {
  return ::fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW);
}

MAYFLY_EXPORT int fchmod(int fd, mode_t mode) noexcept {
  const Held held = find(fd);
  return held ? held.call(&Library::fchmod, mode) : MAYFLY_REAL(fchmod)(fd, mode);
}

MAYFLY_EXPORT int fchownat(int directory, const char* path, uid_t owner, gid_t group,
                           int flags) noexcept {
  const Place place(directory, path);
  return place.is_ours()
             ? place.call_either(&Library::fchownat, MAYFLY_REAL(fchownat), owner, group, flags)
             : MAYFLY_REAL(fchownat)(directory, place.outside(), owner, group, flags);
}

MAYFLY_EXPORT int chown(const char* path, uid_t owner, gid_t group) noexcept {
  return ::fchownat(AT_FDCWD, path, owner, group, 0);
}

MAYFLY_EXPORT int lchown(const char* path, uid_t owner, gid_t group) noexcept {
  return ::fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

MAYFLY_EXPORT int fchown(int fd, uid_t owner, gid_t group) noexcept {
  const Held held = find(fd);
  return held ? held.call(&Library::fchown, owner, group) : MAYFLY_REAL(fchown)(fd, owner, group);
}

MAYFLY_EXPORT int utimensat(int directory, const char* path, const timespec times[2],
                            int flags) noexcept {
  if (path == nullptr) {
    const Held held = find(directory);
    if (held) return held.call(&Library::futimens, times);
  }
  const Place place(directory, path);
  return place.is_ours()
             ? place.call_either(&Library::utimensat, MAYFLY_REAL(utimensat), times, flags)
             : MAYFLY_REAL(utimensat)(directory, place.outside(), times, flags);
}

MAYFLY_EXPORT int futimens(int fd, const timespec times[2]) noexcept {
  const Held held = find(fd);
  return held ? held.call(&Library::futimens, times) : MAYFLY_REAL(futimens)(fd, times);
}

MAYFLY_EXPORT int futimes(int fd, const timeval times[2]) noexcept {
  const Held held = find(fd);
  std::array<timespec, 2> storage{};
  return held ? held.call(&Library::futimens, precise(times, storage))
              : MAYFLY_REAL(futimes)(fd, times);
}

MAYFLY_EXPORT int utimes(const char* path, const timeval times[2]) noexcept {
  const Place place(AT_FDCWD, path);
  return place.is_ours() ? set_times(place, times, 0) : MAYFLY_REAL(utimes)(place.outside(), times);
}

MAYFLY_EXPORT int lutimes(const char* path, const timeval times[2]) noexcept {
  const Place place(AT_FDCWD, path);
  return place.is_ours() ? set_times(place, times, AT_SYMLINK_NOFOLLOW)
                         : MAYFLY_REAL(lutimes)(place.outside(), times);
}

MAYFLY_EXPORT int futimesat(int directory, const char* path, const timeval times[2]) noexcept {
  if (path == nullptr) return ::futimes(directory, times);
  const Place place(directory, path);
  return place.is_ours() ? set_times(place, times, 0)
                         : MAYFLY_REAL(futimesat)(directory, place.outside(), times);
}

MAYFLY_EXPORT int utime(const char* path, const utimbuf* times) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) return MAYFLY_REAL(utime)(place.outside(), times);
  if (times == nullptr) return set_times(place, nullptr, 0);
  const timeval both[2] = {{times->actime, 0}, {times->modtime, 0}};
  return set_times(place, both, 0);
}

MAYFLY_EXPORT int truncate(const char* path, off_t size) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) return MAYFLY_REAL(truncate)(place.outside(), size);
  const int opened = place.call(&Library::openat, O_WRONLY, mode_t{0});
  if (opened < 0) {
    const std::string there = place.way_out();
    return there.empty() ? -1 : MAYFLY_REAL(truncate)(there.c_str(), size);
  }
  const int cut = call(library()->ftruncate, opened, size);
  const int error = errno;
  const int closed = call(library()->close, opened);
  if (cut != 0) errno = error;
  return cut != 0 ? cut : closed;
}
MAYFLY_SAME(truncate64, truncate);

MAYFLY_EXPORT int faccessat(int directory, const char* path, int mode, int flags) noexcept {
  const Place place(directory, path);
  return place.is_ours()
             ? place.call_either(&Library::faccessat, MAYFLY_REAL(faccessat), mode, flags)
             : MAYFLY_REAL(faccessat)(directory, place.outside(), mode, flags);
}

MAYFLY_EXPORT int access(const char* path, int mode) noexcept {
  return ::faccessat(AT_FDCWD, path, mode, 0);
}

MAYFLY_EXPORT int eaccess(const char* path, int mode) noexcept {
  return ::faccessat(AT_FDCWD, path, mode, AT_EACCESS);
}
MAYFLY_SAME(euidaccess, eaccess);

MAYFLY_EXPORT mode_t umask(mode_t mask) noexcept {
  const mode_t before = MAYFLY_REAL(umask)(mask);
  if (!Inside::is_so()) tell_umask(mask);
  return before;
}
