// FileCalls: the calls of one file system by which files are copied: the node's own, as libc has
// them, or a session's, as mayfly.h has them.
//
// All give -1 and errno, as open(2) and its like do. Thread: any.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "mayfly/mayfly.h"

namespace mayfly {

struct FileCalls {
  int (*open)(const char* path, int flags, mode_t mode);
  int (*close)(int fd);
  ssize_t (*pread)(int fd, void* buffer, std::size_t bytes, off_t offset);
  ssize_t (*pwrite)(int fd, const void* buffer, std::size_t bytes, off_t offset);
  off_t (*lseek)(int fd, off_t offset, int whence);
  int (*fstat)(int fd, struct stat* status);
  int (*ftruncate)(int fd, off_t size);
  int (*fsync)(int fd);
  int (*lstat)(const char* path, struct stat* status);
  int (*mkdir)(const char* path, mode_t mode);
  int (*rmdir)(const char* path);
  int (*unlink)(const char* path);
  int (*rename)(const char* from, const char* to);
  int (*link)(const char* from, const char* to);
  int (*symlink)(const char* target, const char* path);
  ssize_t (*readlink)(const char* path, char* buffer, std::size_t bytes);
  int (*chmod)(const char* path, mode_t mode);
  int (*lchown)(const char* path, uid_t owner, gid_t group);
  int (*utimensat)(const char* path, const struct timespec times[2]);  ///< of a link itself
  /// mayfly_name_beside; null where names are all alike.
  int (*name_beside)(const char* path, const char* begin, char* name, std::size_t bytes);
  /// mayfly_put_files; null where there is none.
  int (*put_files)(mayfly_whole_file* files, std::size_t count);
  /// mayfly_fset_attributes; null where there is none.
  int (*fset_attributes)(int fd, const struct stat* status, int owner_too);
  ssize_t (*llistxattr)(const char* path, char* names, std::size_t bytes);
  ssize_t (*lgetxattr)(const char* path, const char* name, void* value, std::size_t bytes);
  int (*lsetxattr)(const char* path, const char* name, const void* value, std::size_t bytes,
                   int flags);
  /// Has the whole file for this descriptor alone, against others who want that: without waiting.
  int (*lock)(int fd);
  /// The names in a directory, without "." and "..", in no order.
  Result<std::vector<std::string>> (*list)(const std::string& path);
  /// A session's: its servers copy from and to the node's files (mayfly_copy_by_servers,
  /// settle_copy); null elsewhere.
  int (*copy_by_servers)(int fd, const mayfly_node_file* node_file, off_t offset, std::size_t bytes,
                         mayfly_digest* digests);
  int (*settle_copy)(int fd, const mayfly_node_file* node_file);
  /// Whether fsync makes what was written outlive this machine's job: where not, it is left out.
  bool is_lasting;
};

const FileCalls& local_calls();
/// The process has joined a session.
const FileCalls& session_calls();

}  // namespace mayfly
