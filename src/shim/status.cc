// stat(2) in all its forms.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/real.h"
#include "shim/special_path.h"

using namespace mayfly::shim;

namespace {

/// One file system, and none of the kernel's: it gives those without a drive 0:n.
constexpr unsigned kDeviceMajor = 0x6d61;

int as_device(int result, struct stat* status) {
  if (result == 0) status->st_dev = makedev(kDeviceMajor, 0);
  return result;
}

int stat_here(const Held& held, struct stat* status) {
  return as_device(held.call(&Library::fstat, status), status);
}

int stat_here(const Place& place, struct stat* status, int flags) {
  status->st_dev = 0;
  const int result = place.call_either(&Library::fstatat, MAYFLY_REAL(fstatat), status, flags);
  // Not for what a symbolic link has led to elsewhere.
  return result == 0 && status->st_dev == 0 ? as_device(result, status) : result;
}

/// The descriptor of ours that the call is about: by AT_EMPTY_PATH, or by a path that names it.
int named_descriptor(int directory, const char* path, int flags) {
  if (path != nullptr && path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0) {
    return is_ours(directory) ? directory : -1;
  }
  return (flags & AT_SYMLINK_NOFOLLOW) == 0 ? descriptor_of_path(path) : -1;
}

statx_timestamp timestamp_of(const timespec& time) {
  statx_timestamp stamp{};
  stamp.tv_sec = time.tv_sec;
  stamp.tv_nsec = static_cast<__u32>(time.tv_nsec);
  return stamp;
}

void fill(struct statx& to, const struct stat& from) {
  to = {};
  to.stx_mask = STATX_BASIC_STATS;
  to.stx_blksize = static_cast<__u32>(from.st_blksize);
  to.stx_nlink = static_cast<__u32>(from.st_nlink);
  to.stx_uid = from.st_uid;
  to.stx_gid = from.st_gid;
  to.stx_mode = static_cast<__u16>(from.st_mode);
  to.stx_ino = from.st_ino;
  to.stx_size = static_cast<__u64>(from.st_size);
  to.stx_blocks = static_cast<__u64>(from.st_blocks);
  to.stx_atime = timestamp_of(from.st_atim);
  to.stx_mtime = timestamp_of(from.st_mtim);
  to.stx_ctime = timestamp_of(from.st_ctim);
  to.stx_dev_major = major(from.st_dev);
  to.stx_dev_minor = minor(from.st_dev);
}

}  // namespace

MAYFLY_EXPORT int fstatat(int directory, const char* path, struct stat* status,
                          int flags) noexcept {
  if (const Held held = find(named_descriptor(directory, path, flags)); held) {
    return stat_here(held, status);
  }
  const Place place(directory, path);
  return place.is_ours() ? stat_here(place, status, flags & ~AT_NO_AUTOMOUNT)
                         : MAYFLY_REAL(fstatat)(directory, place.outside(), status, flags);
}
MAYFLY_SAME(fstatat64, fstatat);

MAYFLY_EXPORT int stat(const char* path, struct stat* status) noexcept {
  return ::fstatat(AT_FDCWD, path, status, 0);
}
MAYFLY_SAME(stat64, stat);

MAYFLY_EXPORT int lstat(const char* path, struct stat* status) noexcept {
  return ::fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);
}
MAYFLY_SAME(lstat64, lstat);

MAYFLY_EXPORT int fstat(int fd, struct stat* status) noexcept {
  const Held held = find(fd);
  return held ? stat_here(held, status) : MAYFLY_REAL(fstat)(fd, status);
}
MAYFLY_SAME(fstat64, fstat);

// What programs call that were built before glibc 2.33; the version is always 1.
MAYFLY_EXPORT int __xstat(int /*version*/, const char* path, struct stat* status) {
  return ::stat(path, status);
}
MAYFLY_SAME(__xstat64, __xstat);

MAYFLY_EXPORT int __lxstat(int /*version*/, const char* path, struct stat* status) {
  return ::lstat(path, status);
}
MAYFLY_SAME(__lxstat64, __lxstat);

MAYFLY_EXPORT int __fxstat(int /*version*/, int fd, struct stat* status) {
  return ::fstat(fd, status);
}
MAYFLY_SAME(__fxstat64, __fxstat);

MAYFLY_EXPORT int __fxstatat(int /*version*/, int directory, const char* path, struct stat* status,
                             int flags) {
  return ::fstatat(directory, path, status, flags);
}
MAYFLY_SAME(__fxstatat64, __fxstatat);

MAYFLY_EXPORT int statx(int directory, const char* path, int flags, unsigned mask,
                        struct statx* status) noexcept {
  struct stat plain {};
  constexpr int kOwn = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
  if (const Held held = find(named_descriptor(directory, path, flags)); held) {
    if (stat_here(held, &plain) != 0) return -1;
  } else {
    const Place place(directory, path);
    if (!place.is_ours()) {
      return MAYFLY_REAL(statx)(directory, place.outside(), flags, mask, status);
    }
    if (stat_here(place, &plain, flags & kOwn) != 0) return -1;
  }
  fill(*status, plain);
  return 0;
}
