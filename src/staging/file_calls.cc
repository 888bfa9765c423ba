#include "staging/file_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

/// What `next` gives until it gives null; an error that it leaves in errno is one.
template <class Next>
Result<std::vector<std::string>> names_of(Next next) {
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* const entry = next()) {
    const char* const name = entry->d_name;
    if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return errc_from(errno);
  return names;
}

Result<std::vector<std::string>> list_local(const std::string& path) {
  DIR* const directory = ::opendir(path.c_str());
  if (directory == nullptr) return errc_from(errno);
  auto names = names_of([directory] { return ::readdir(directory); });
  ::closedir(directory);
  return names;
}

Result<std::vector<std::string>> list_in_session(const std::string& path) {
  mayfly_dir* const directory = mayfly_opendir(path.c_str());
  if (directory == nullptr) return errc_from(errno);
  auto names = names_of([directory] { return mayfly_readdir(directory); });
  mayfly_closedir(directory);
  return names;
}

int open_local(const char* path, int flags, mode_t mode) {
  return ::open(path, flags | O_CLOEXEC, mode);
}
int set_local_times(const char* path, const timespec times[2]) {
  return ::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}
int set_session_times(const char* path, const timespec times[2]) {
  return mayfly_utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

}  // namespace

const FileCalls& local_calls() {
  static const FileCalls calls{
      open_local,      ::close,      ::pread,     ::pwrite,    ::lseek,    ::fstat,
      ::ftruncate,     ::fsync,      ::lstat,     ::mkdir,     ::rmdir,    ::unlink,
      ::rename,        ::link,       ::symlink,   ::readlink,  ::chmod,    ::lchown,
      set_local_times, ::llistxattr, ::lgetxattr, ::lsetxattr, list_local, true};
  return calls;
}

const FileCalls& session_calls() {
  static const FileCalls calls{
      mayfly_open,      mayfly_close,     mayfly_pread,      mayfly_pwrite,
      mayfly_lseek,     mayfly_fstat,     mayfly_ftruncate,  mayfly_fsync,
      mayfly_lstat,     mayfly_mkdir,     mayfly_rmdir,      mayfly_unlink,
      mayfly_rename,    mayfly_link,      mayfly_symlink,    mayfly_readlink,
      mayfly_chmod,     mayfly_lchown,    set_session_times, mayfly_llistxattr,
      mayfly_lgetxattr, mayfly_lsetxattr, list_in_session,   false};
  return calls;
}

}  // namespace mayfly
