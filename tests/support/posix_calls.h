// PosixCalls: the calls that a program makes to a file system, as MayflyFS and as the C library
// have them: what a test does to both must end alike.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "mayfly/mayfly.h"

namespace mayfly {

struct PosixCalls {
  int (*openat)(int, const char*, int, mode_t);
  int (*close)(int);
  ssize_t (*pread)(int, void*, size_t, off_t);
  ssize_t (*pwrite)(int, const void*, size_t, off_t);
  ssize_t (*read)(int, void*, size_t);
  ssize_t (*write)(int, const void*, size_t);
  ssize_t (*readv)(int, const iovec*, int);
  ssize_t (*writev)(int, const iovec*, int);
  ssize_t (*preadv)(int, const iovec*, int, off_t);
  ssize_t (*pwritev)(int, const iovec*, int, off_t);
  off_t (*lseek)(int, off_t, int);
  int (*ftruncate)(int, off_t);
  int (*truncate)(const char*, off_t);
  int (*fallocate)(int, int, off_t, off_t);
  int (*fsync)(int);
  int (*fdatasync)(int);
  int (*fstat)(int, struct stat*);
  int (*fstatat)(int, const char*, struct stat*, int);
  int (*mkdirat)(int, const char*, mode_t);
  int (*unlinkat)(int, const char*, int);
  int (*renameat2)(int, const char*, int, const char*, unsigned);
  int (*linkat)(int, const char*, int, const char*, int);
  int (*symlinkat)(const char*, int, const char*);
  ssize_t (*readlinkat)(int, const char*, char*, size_t);
  int (*fchmodat)(int, const char*, mode_t, int);
  int (*fchmod)(int, mode_t);
  int (*fchownat)(int, const char*, uid_t, gid_t, int);
  int (*utimensat)(int, const char*, const timespec*, int);
  int (*futimens)(int, const timespec*);
  int (*faccessat)(int, const char*, int, int);
  int (*setxattr)(const char*, const char*, const void*, size_t, int);
  ssize_t (*getxattr)(const char*, const char*, void*, size_t);
  ssize_t (*listxattr)(const char*, char*, size_t);
  int (*removexattr)(const char*, const char*);
  int (*flock)(int, int);
  int (*lock)(int, int, struct ::flock*);  ///< fcntl's
  /// Names and types; -1: opendir has failed.
  int (*list)(const char*, std::map<std::string, int>&);
};

template <class Open, class Read, class Close>
int list_directory(const char* path, std::map<std::string, int>& names, Open open, Read read,
                   Close close) {
  auto* const directory = open(path);
  if (directory == nullptr) return -1;
  while (const dirent* const entry = read(directory)) names[entry->d_name] = entry->d_type;
  return close(directory);
}

inline const PosixCalls& calls_of_mayfly() {
  static const PosixCalls calls = {mayfly_openat,
                                   mayfly_close,
                                   mayfly_pread,
                                   mayfly_pwrite,
                                   mayfly_read,
                                   mayfly_write,
                                   mayfly_readv,
                                   mayfly_writev,
                                   mayfly_preadv,
                                   mayfly_pwritev,
                                   mayfly_lseek,
                                   mayfly_ftruncate,
                                   mayfly_truncate,
                                   mayfly_fallocate,
                                   mayfly_fsync,
                                   mayfly_fdatasync,
                                   mayfly_fstat,
                                   mayfly_fstatat,
                                   mayfly_mkdirat,
                                   mayfly_unlinkat,
                                   mayfly_renameat2,
                                   mayfly_linkat,
                                   mayfly_symlinkat,
                                   mayfly_readlinkat,
                                   mayfly_fchmodat,
                                   mayfly_fchmod,
                                   mayfly_fchownat,
                                   mayfly_utimensat,
                                   mayfly_futimens,
                                   mayfly_faccessat,
                                   mayfly_setxattr,
                                   mayfly_getxattr,
                                   mayfly_listxattr,
                                   mayfly_removexattr,
                                   mayfly_flock,
                                   mayfly_fcntl_lock,
                                   [](const char* path, std::map<std::string, int>& names) {
                                     return list_directory(path, names, mayfly_opendir,
                                                           mayfly_readdir, mayfly_closedir);
                                   }};
  return calls;
}

inline const PosixCalls& calls_of_libc() {
  static const PosixCalls calls = {
      [](int directory, const char* path, int flags, mode_t mode) {
        // A null path is a row of the errno table; openat is declared never to be given one.
        return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
      },
      ::close,
      ::pread,
      ::pwrite,
      ::read,
      ::write,
      ::readv,
      ::writev,
      ::preadv,
      ::pwritev,
      ::lseek,
      ::ftruncate,
      ::truncate,
      ::fallocate,
      ::fsync,
      ::fdatasync,
      ::fstat,
      ::fstatat,
      ::mkdirat,
      ::unlinkat,
      ::renameat2,
      ::linkat,
      ::symlinkat,
      ::readlinkat,
      ::fchmodat,
      ::fchmod,
      ::fchownat,
      ::utimensat,
      ::futimens,
      ::faccessat,
      ::setxattr,
      ::getxattr,
      ::listxattr,
      ::removexattr,
      ::flock,
      [](int fd, int command, struct ::flock* range) { return ::fcntl(fd, command, range); },
      [](const char* path, std::map<std::string, int>& names) {
        return list_directory(path, names, ::opendir, ::readdir, ::closedir);
      }};
  return calls;
}

}  // namespace mayfly
