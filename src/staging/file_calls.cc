#include "staging/file_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

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
struct flock whole_file() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}
int lock_local(int fd) {
  struct flock range = whole_file();
  return ::fcntl(fd, F_OFD_SETLK, &range);
}
int lock_in_session(int fd) {
  struct flock range = whole_file();
  return mayfly_fcntl_lock(fd, F_OFD_SETLK, &range);
}
int set_session_times(const char* path, const timespec times[2]) {
  return mayfly_utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

}  // namespace

const FileCalls& local_calls() {
  static const FileCalls calls{.open = open_local,
                               .close = ::close,
                               .pread = ::pread,
                               .pwrite = ::pwrite,
                               .lseek = ::lseek,
                               .fstat = ::fstat,
                               .ftruncate = ::ftruncate,
                               .fsync = ::fsync,
                               .lstat = ::lstat,
                               .mkdir = ::mkdir,
                               .rmdir = ::rmdir,
                               .unlink = ::unlink,
                               .rename = ::rename,
                               .link = ::link,
                               .symlink = ::symlink,
                               .readlink = ::readlink,
                               .chmod = ::chmod,
                               .lchown = ::lchown,
                               .utimensat = set_local_times,
                               .name_beside = nullptr,
                               .put_files = nullptr,
                               .fset_attributes = nullptr,
                               .llistxattr = ::llistxattr,
                               .lgetxattr = ::lgetxattr,
                               .lsetxattr = ::lsetxattr,
                               .lock = lock_local,
                               .list = list_local,
                               .copy_by_servers = nullptr,
                               .settle_copy = nullptr,
                               .is_lasting = true};
  return calls;
}

const FileCalls& session_calls() {
  static const FileCalls calls{.open = mayfly_open,
                               .close = mayfly_close,
                               .pread = mayfly_pread,
                               .pwrite = mayfly_pwrite,
                               .lseek = mayfly_lseek,
                               .fstat = mayfly_fstat,
                               .ftruncate = mayfly_ftruncate,
                               .fsync = mayfly_fsync,
                               .lstat = mayfly_lstat,
                               .mkdir = mayfly_mkdir,
                               .rmdir = mayfly_rmdir,
                               .unlink = mayfly_unlink,
                               .rename = mayfly_rename,
                               .link = mayfly_link,
                               .symlink = mayfly_symlink,
                               .readlink = mayfly_readlink,
                               .chmod = mayfly_chmod,
                               .lchown = mayfly_lchown,
                               .utimensat = set_session_times,
                               .name_beside = mayfly_name_beside,
                               .put_files = mayfly_put_files,
                               .fset_attributes = mayfly_fset_attributes,
                               .llistxattr = mayfly_llistxattr,
                               .lgetxattr = mayfly_lgetxattr,
                               .lsetxattr = mayfly_lsetxattr,
                               .lock = lock_in_session,
                               .list = list_in_session,
                               .copy_by_servers = mayfly_copy_by_servers,
                               .settle_copy = mayfly_settle_copy,
                               .is_lasting = false};
  return calls;
}

}  // namespace mayfly
