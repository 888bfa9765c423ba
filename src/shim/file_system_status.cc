// statfs, statvfs and pathconf.
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/real.h"

using namespace mayfly::shim;

namespace {

/// Unknown to programs that look for what a kind of file system cannot do.
constexpr long kType = 0x6d61796c;

int totals(struct statvfs* status) {
  const Library* const joined = library();
  return joined == nullptr ? -1 : call(joined->statfs, status);
}

int totals(struct statfs* status) {
  struct statvfs all {};
  if (totals(&all) != 0) return -1;
  *status = {};
  status->f_type = kType;
  status->f_bsize = static_cast<long>(all.f_bsize);
  status->f_frsize = static_cast<long>(all.f_frsize);
  status->f_blocks = all.f_blocks;
  status->f_bfree = all.f_bfree;
  status->f_bavail = all.f_bavail;
  status->f_namelen = static_cast<long>(all.f_namemax);
  return 0;
}

/// A path of the mount that is not there is ENOENT here too.
template <class Status, class Real>
int totals_at(const Place& place, Real* real, Status* status) {
  if (place.call(&Library::faccessat, F_OK, 0) == 0) return totals(status);
  const std::string there = place.way_out();
  return there.empty() ? -1 : real(there.c_str(), status);
}

long limit(int name) {
  switch (name) {
    case _PC_LINK_MAX:
      return 65000;
    case _PC_NAME_MAX:
      return 255;
    case _PC_PATH_MAX:
      return 4096;
    case _PC_PIPE_BUF:
      return 4096;
    case _PC_FILESIZEBITS:
      return 64;
    case _PC_2_SYMLINKS:
    case _PC_CHOWN_RESTRICTED:
    case _PC_NO_TRUNC:
      return 1;
    case _PC_SYMLINK_MAX:
      return 4095;
    case _PC_REC_MIN_XFER_SIZE:
    case _PC_ALLOC_SIZE_MIN:
    case _PC_REC_XFER_ALIGN:
      return 4096;
    default:
      return -1;
  }
}

}  // namespace

MAYFLY_EXPORT int statfs(const char* path, struct statfs* status) noexcept {
  const Place place(AT_FDCWD, path);
  return place.is_ours() ? totals_at(place, MAYFLY_REAL(statfs), status)
                         : MAYFLY_REAL(statfs)(place.outside(), status);
}
MAYFLY_SAME(statfs64, statfs);

MAYFLY_EXPORT int fstatfs(int fd, struct statfs* status) noexcept {
  return is_ours(fd) ? totals(status) : MAYFLY_REAL(fstatfs)(fd, status);
}
MAYFLY_SAME(fstatfs64, fstatfs);

MAYFLY_EXPORT int statvfs(const char* path, struct statvfs* status) noexcept {
  const Place place(AT_FDCWD, path);
  return place.is_ours() ? totals_at(place, MAYFLY_REAL(statvfs), status)
                         : MAYFLY_REAL(statvfs)(place.outside(), status);
}
MAYFLY_SAME(statvfs64, statvfs);

MAYFLY_EXPORT int fstatvfs(int fd, struct statvfs* status) noexcept {
  return is_ours(fd) ? totals(status) : MAYFLY_REAL(fstatvfs)(fd, status);
}
MAYFLY_SAME(fstatvfs64, fstatvfs);

MAYFLY_EXPORT long pathconf(const char* path, int name) noexcept {
  const Place place(AT_FDCWD, path);
  return place.is_ours() ? limit(name) : MAYFLY_REAL(pathconf)(place.outside(), name);
}

MAYFLY_EXPORT long fpathconf(int fd, int name) noexcept {
  return is_ours(fd) ? limit(name) : MAYFLY_REAL(fpathconf)(fd, name);
}
