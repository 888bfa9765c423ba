// Names: directories, links, renaming, removing.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "shim/descriptor.h"
#include "shim/place.h"
#include "shim/real.h"
#include "shim/special_path.h"

using namespace mayfly::shim;

namespace {

int refuse(int error) {
  errno = error;
  return -1;
}

/// Of the two paths one has left the mount by a symbolic link.
int other_system(int result) {
  if (result != 0 && errno == EREMOTE) errno = EXDEV;
  return result;
}

int rename_at(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) {
  const Place old_place(from_directory, from);
  const Place new_place(to_directory, to);
  if (!old_place.is_ours() && !new_place.is_ours()) {
    if (flags == 0) {
      return MAYFLY_REAL(renameat)(from_directory, old_place.outside(), to_directory,
                                   new_place.outside());
    }
    return MAYFLY_REAL(renameat2)(from_directory, old_place.outside(), to_directory,
                                  new_place.outside(), flags);
  }
  if (!old_place.is_ours() || !new_place.is_ours()) return refuse(EXDEV);
  const int target = library() == nullptr ? Place::kNoDirectory : new_place.directory();
  if (target == Place::kNoDirectory) return -1;
  return other_system(old_place.call(&Library::renameat2, target, new_place.within(), flags));
}

}  // namespace

MAYFLY_EXPORT int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  const Place place(directory, path);
  return place.is_ours() ? place.call_either(&Library::mkdirat, MAYFLY_REAL(mkdirat), mode)
                         : MAYFLY_REAL(mkdirat)(directory, place.outside(), mode);
}

MAYFLY_EXPORT int mkdir(const char* path, mode_t mode) noexcept {
  return ::mkdirat(AT_FDCWD, path, mode);
}

MAYFLY_EXPORT int unlinkat(int directory, const char* path, int flags) noexcept {
  const Place place(directory, path);
  return place.is_ours() ? place.call_either(&Library::unlinkat, MAYFLY_REAL(unlinkat), flags)
                         : MAYFLY_REAL(unlinkat)(directory, place.outside(), flags);
}

MAYFLY_EXPORT int unlink(const char* path) noexcept { return ::unlinkat(AT_FDCWD, path, 0); }

MAYFLY_EXPORT int rmdir(const char* path) noexcept {
  return ::unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

MAYFLY_EXPORT int remove(const char* path) noexcept {
  const Place place(AT_FDCWD, path);
  if (!place.is_ours()) return MAYFLY_REAL(remove)(place.outside());
  if (place.call(&Library::unlinkat, 0) == 0) return 0;
  return errno == EISDIR || errno == EPERM ? place.call(&Library::unlinkat, AT_REMOVEDIR) : -1;
}

MAYFLY_EXPORT int rename(const char* from, const char* to) noexcept {
  return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

MAYFLY_EXPORT int renameat(int from_directory, const char* from, int to_directory,
                           const char* to) noexcept {
  return rename_at(from_directory, from, to_directory, to, 0);
}

MAYFLY_EXPORT int renameat2(int from_directory, const char* from, int to_directory, const char* to,
                            unsigned flags) noexcept {
  return rename_at(from_directory, from, to_directory, to, flags);
}

MAYFLY_EXPORT int linkat(int from_directory, const char* from, int to_directory, const char* to,
                         int flags) noexcept {
  const Place old_place(from_directory, from);
  const Place new_place(to_directory, to);
  if (!old_place.is_ours() && !new_place.is_ours()) {
    return MAYFLY_REAL(linkat)(from_directory, old_place.outside(), to_directory,
                               new_place.outside(), flags);
  }
  if (!old_place.is_ours() || !new_place.is_ours()) return refuse(EXDEV);
  const int target = library() == nullptr ? Place::kNoDirectory : new_place.directory();
  if (target == Place::kNoDirectory) return -1;
  return other_system(old_place.call(&Library::linkat, target, new_place.within(), flags));
}

MAYFLY_EXPORT int link(const char* from, const char* to) noexcept {
  return ::linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

MAYFLY_EXPORT int symlinkat(const char* target, int directory, const char* path) noexcept {
  const Place place(directory, path);
  if (!place.is_ours()) return MAYFLY_REAL(symlinkat)(target, directory, place.outside());
  const Library* const joined = library();
  const int from = joined == nullptr ? Place::kNoDirectory : place.directory();
  if (from == Place::kNoDirectory) return -1;
  const int made = call(joined->symlinkat, target, from, place.within());
  if (made == 0) return made;
  const std::string there = place.way_out();
  return there.empty() ? -1 : MAYFLY_REAL(symlinkat)(target, AT_FDCWD, there.c_str());
}

MAYFLY_EXPORT int symlink(const char* target, const char* path) noexcept {
  return ::symlinkat(target, AT_FDCWD, path);
}

MAYFLY_EXPORT ssize_t readlinkat(int directory, const char* path, char* buffer,
                                 std::size_t bytes) noexcept {
  // /proc/self/fd/N of ours shows where the program believes it to be.
  if (const Held held = find(descriptor_of_path(path)); held && !held->path.empty()) {
    return static_cast<ssize_t>(held->path.copy(buffer, bytes));
  }
  const Place place(directory, path);
  return place.is_ours()
             ? place.call_either(&Library::readlinkat, MAYFLY_REAL(readlinkat), buffer, bytes)
             : MAYFLY_REAL(readlinkat)(directory, place.outside(), buffer, bytes);
}

MAYFLY_EXPORT ssize_t readlink(const char* path, char* buffer, std::size_t bytes) noexcept {
  return ::readlinkat(AT_FDCWD, path, buffer, bytes);
}

MAYFLY_EXPORT ssize_t __readlink_chk(const char* path, char* buffer, std::size_t bytes,
                                     std::size_t room) {
  if (bytes > room) __builtin_trap();
  return ::readlink(path, buffer, bytes);
}

MAYFLY_EXPORT ssize_t __readlinkat_chk(int directory, const char* path, char* buffer,
                                       std::size_t bytes, std::size_t room) {
  if (bytes > room) __builtin_trap();
  return ::readlinkat(directory, path, buffer, bytes);
}

// Regular files are all the special files there are.
MAYFLY_EXPORT int mknodat(int directory, const char* path, mode_t mode, dev_t device) noexcept {
  const Place place(directory, path);
  if (!place.is_ours()) return MAYFLY_REAL(mknodat)(directory, place.outside(), mode, device);
  if ((mode & S_IFMT) != 0 && !S_ISREG(mode)) return refuse(EPERM);
  const int made = place.call(&Library::openat, O_CREAT | O_EXCL | O_WRONLY, mode & 07777);
  return made < 0 ? -1 : call(library()->close, made);
}

MAYFLY_EXPORT int mknod(const char* path, mode_t mode, dev_t device) noexcept {
  return ::mknodat(AT_FDCWD, path, mode, device);
}

MAYFLY_EXPORT int __xmknod(int /*version*/, const char* path, mode_t mode, dev_t* device) {
  return ::mknodat(AT_FDCWD, path, mode, *device);
}

MAYFLY_EXPORT int __xmknodat(int /*version*/, int directory, const char* path, mode_t mode,
                             dev_t* device) {
  return ::mknodat(directory, path, mode, *device);
}

MAYFLY_EXPORT int mkfifoat(int directory, const char* path, mode_t mode) noexcept {
  const Place place(directory, path);
  return place.is_ours() ? refuse(EPERM) : MAYFLY_REAL(mkfifoat)(directory, place.outside(), mode);
}

MAYFLY_EXPORT int mkfifo(const char* path, mode_t mode) noexcept {
  return ::mkfifoat(AT_FDCWD, path, mode);
}
