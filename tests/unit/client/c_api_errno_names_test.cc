// Every errno that a call by path can fail with, next to what Linux says to the same call.
#include "unit/client/errno_table.h"

namespace mayfly {
namespace {

ssize_t stat(const Scene& s, const std::string& path, int flags = 0) {
  struct stat status {};
  return s.calls.fstatat(AT_FDCWD, s.of(path.c_str()).c_str(), &status, flags);
}
ssize_t make_directory(const Scene& s, const std::string& path) {
  return s.calls.mkdirat(AT_FDCWD, s.of(path.c_str()).c_str(), 0755);
}
ssize_t remove(const Scene& s, const std::string& path, int flags = 0) {
  return s.calls.unlinkat(AT_FDCWD, s.of(path.c_str()).c_str(), flags);
}
ssize_t rename(const Scene& s, const std::string& from, const std::string& to, unsigned flags = 0) {
  return s.calls.renameat2(AT_FDCWD, s.of(from.c_str()).c_str(), AT_FDCWD, s.of(to.c_str()).c_str(),
                           flags);
}
ssize_t link(const Scene& s, const std::string& from, const std::string& to, int flags = 0) {
  return s.calls.linkat(AT_FDCWD, s.of(from.c_str()).c_str(), AT_FDCWD, s.of(to.c_str()).c_str(),
                        flags);
}
ssize_t make_link(const Scene& s, const std::string& target, const std::string& path) {
  return s.calls.symlinkat(target.c_str(), AT_FDCWD, s.of(path.c_str()).c_str());
}
ssize_t read_link(const Scene& s, const std::string& path, std::size_t room = 100) {
  char target[100];
  return s.calls.readlinkat(AT_FDCWD, s.of(path.c_str()).c_str(), target, room);
}
ssize_t list(const Scene& s, const std::string& path) {
  std::map<std::string, int> names;
  return s.calls.list(s.of(path.c_str()).c_str(), names);
}

TEST_F(ErrnoTableTest, Open) {
  expect({
      {"open nothing", ENOENT, [](auto& s) -> ssize_t { return s.open("/nothing", O_RDONLY); }},
      {"open below nothing", ENOENT,
       [](auto& s) -> ssize_t { return s.open("/nothing/x", O_RDWR | O_CREAT); }},
      {"open the empty path", ENOENT,
       [](auto& s) -> ssize_t { return s.calls.openat(s.directory, "", O_RDONLY, 0); }},
      {"open what a dangling link leads to", ENOENT,
       [](auto& s) -> ssize_t { return s.open("/dangling", O_RDONLY); }},
      {"open below a file", ENOTDIR,
       [](auto& s) -> ssize_t { return s.open("/file/x", O_RDONLY); }},
      {"open a file with a slash", ENOTDIR,
       [](auto& s) -> ssize_t { return s.open("/file/", O_RDONLY); }},
      {"open a file as a directory", ENOTDIR,
       [](auto& s) -> ssize_t { return s.open("/file", O_RDONLY | O_DIRECTORY); }},
      {"open from a file", ENOTDIR,
       [](auto& s) -> ssize_t { return s.calls.openat(s.reader, "x", O_RDONLY, 0); }},
      {"open from nothing open", EBADF,
       [](auto& s) -> ssize_t { return s.calls.openat(-1, "x", O_RDONLY, 0); }},
      {"create with a slash", EISDIR,
       [](auto& s) -> ssize_t { return s.open("/new/", O_WRONLY | O_CREAT); }},
      {"create a directory", EISDIR,
       [](auto& s) -> ssize_t { return s.open("/full", O_RDONLY | O_CREAT); }},
      {"write a directory", EISDIR, [](auto& s) -> ssize_t { return s.open("/full", O_RDWR); }},
      {"cut a directory", EISDIR,
       [](auto& s) -> ssize_t { return s.open("/full", O_RDONLY | O_TRUNC); }},
      {"create what is there", EEXIST,
       [](auto& s) -> ssize_t { return s.open("/file", O_WRONLY | O_CREAT | O_EXCL); }},
      {"create through a dangling link", EEXIST,
       [](auto& s) -> ssize_t { return s.open("/dangling", O_WRONLY | O_CREAT | O_EXCL); }},
      {"open a circle", ELOOP, [](auto& s) -> ssize_t { return s.open("/circle", O_RDONLY); }},
      {"open below a circle", ELOOP,
       [](auto& s) -> ssize_t { return s.open("/circle/x", O_RDONLY); }},
      {"open a link itself", ELOOP,
       [](auto& s) -> ssize_t { return s.open("/link", O_RDONLY | O_NOFOLLOW); }},
      {"open a long name", ENAMETOOLONG,
       [](auto& s) -> ssize_t { return s.open(long_name().c_str(), O_RDWR | O_CREAT); }},
      {"open a long path", ENAMETOOLONG,
       [](auto& s) -> ssize_t { return s.open(long_path().c_str(), O_RDONLY); }},
      {"open NULL", EFAULT,
       [](auto& s) -> ssize_t { return s.calls.openat(AT_FDCWD, nullptr, O_RDONLY, 0); }},
  });
}

TEST_F(ErrnoTableTest, StatAccessAndLists) {
  expect({
      {"stat nothing", ENOENT, [](auto& s) { return stat(s, "/nothing"); }},
      {"stat a dangling link", ENOENT, [](auto& s) { return stat(s, "/dangling"); }},
      {"stat below a file", ENOTDIR, [](auto& s) { return stat(s, "/file/x"); }},
      {"stat a file with a slash", ENOTDIR, [](auto& s) { return stat(s, "/file/"); }},
      {"stat a circle", ELOOP, [](auto& s) { return stat(s, "/circle"); }},
      {"lstat a circle with a slash", ELOOP,
       [](auto& s) { return stat(s, "/circle/", AT_SYMLINK_NOFOLLOW); }},
      {"stat a long name", ENAMETOOLONG, [](auto& s) { return stat(s, long_name()); }},
      {"stat a long path", ENAMETOOLONG, [](auto& s) { return stat(s, long_path()); }},
      {"stat with unknown flags", EINVAL, [](auto& s) { return stat(s, "/file", 0x40000000); }},
      {"stat from nothing open", EBADF,
       [](auto& s) -> ssize_t {
         struct stat status {};
         return s.calls.fstatat(-1, "x", &status, 0);
       }},
      {"access to nothing", ENOENT,
       [](auto& s) -> ssize_t {
         return s.calls.faccessat(AT_FDCWD, s.of("/nothing").c_str(), F_OK, 0);
       }},
      {"run what is no program", EACCES,
       [](auto& s) -> ssize_t {
         return s.calls.faccessat(AT_FDCWD, s.of("/file").c_str(), X_OK, 0);
       }},
      {"access of no kind", EINVAL,
       [](auto& s) -> ssize_t { return s.calls.faccessat(AT_FDCWD, s.of("/file").c_str(), 8, 0); }},
      {"access below a file", ENOTDIR,
       [](auto& s) -> ssize_t {
         return s.calls.faccessat(AT_FDCWD, s.of("/file/x").c_str(), F_OK, 0);
       }},
      {"access to a circle", ELOOP,
       [](auto& s) -> ssize_t {
         return s.calls.faccessat(AT_FDCWD, s.of("/circle").c_str(), F_OK, 0);
       }},
      {"list nothing", ENOENT, [](auto& s) { return list(s, "/nothing"); }},
      {"list a file", ENOTDIR, [](auto& s) { return list(s, "/file"); }},
      {"list a circle", ELOOP, [](auto& s) { return list(s, "/circle"); }},
      {"list a long name", ENAMETOOLONG, [](auto& s) { return list(s, long_name()); }},
  });
}

TEST_F(ErrnoTableTest, MakeAndRemove) {
  expect({
      {"mkdir of what is there", EEXIST, [](auto& s) { return make_directory(s, "/full"); }},
      {"mkdir of a file", EEXIST, [](auto& s) { return make_directory(s, "/file"); }},
      {"mkdir of a dangling link", EEXIST, [](auto& s) { return make_directory(s, "/dangling"); }},
      {"mkdir of .", EEXIST, [](auto& s) { return make_directory(s, "/full/."); }},
      {"mkdir below nothing", ENOENT, [](auto& s) { return make_directory(s, "/nothing/d"); }},
      {"mkdir below a file", ENOTDIR, [](auto& s) { return make_directory(s, "/file/d"); }},
      {"mkdir below a circle", ELOOP, [](auto& s) { return make_directory(s, "/circle/d"); }},
      {"mkdir of a long name", ENAMETOOLONG,
       [](auto& s) { return make_directory(s, long_name()); }},
      {"mkdir of a long path", ENAMETOOLONG,
       [](auto& s) { return make_directory(s, long_path()); }},
      {"mkdir of NULL", EFAULT,
       [](auto& s) -> ssize_t { return s.calls.mkdirat(AT_FDCWD, nullptr, 0755); }},
      {"rmdir of nothing", ENOENT, [](auto& s) { return remove(s, "/nothing", AT_REMOVEDIR); }},
      {"rmdir of a file", ENOTDIR, [](auto& s) { return remove(s, "/file", AT_REMOVEDIR); }},
      {"rmdir of a link", ENOTDIR, [](auto& s) { return remove(s, "/link", AT_REMOVEDIR); }},
      {"rmdir of what is not empty", ENOTEMPTY,
       [](auto& s) { return remove(s, "/full", AT_REMOVEDIR); }},
      {"rmdir of .", EINVAL, [](auto& s) { return remove(s, "/empty/.", AT_REMOVEDIR); }},
      {"rmdir of ..", ENOTEMPTY, [](auto& s) { return remove(s, "/full/below/..", AT_REMOVEDIR); }},
      {"rmdir below a circle", ELOOP, [](auto& s) { return remove(s, "/circle/d", AT_REMOVEDIR); }},
      {"unlink nothing", ENOENT, [](auto& s) { return remove(s, "/nothing"); }},
      {"unlink a directory", EISDIR, [](auto& s) { return remove(s, "/full"); }},
      {"unlink a file with a slash", ENOTDIR, [](auto& s) { return remove(s, "/file/"); }},
      {"unlink below a file", ENOTDIR, [](auto& s) { return remove(s, "/file/x"); }},
      {"unlink below a circle", ELOOP, [](auto& s) { return remove(s, "/circle/x"); }},
      {"unlink a long name", ENAMETOOLONG, [](auto& s) { return remove(s, long_name()); }},
      {"unlink with unknown flags", EINVAL, [](auto& s) { return remove(s, "/file", 1); }},
      {"unlink NULL", EFAULT,
       [](auto& s) -> ssize_t { return s.calls.unlinkat(AT_FDCWD, nullptr, 0); }},
  });
}

TEST_F(ErrnoTableTest, Rename) {
  expect({
      {"rename nothing", ENOENT, [](auto& s) { return rename(s, "/nothing", "/x"); }},
      {"rename into nothing", ENOENT, [](auto& s) { return rename(s, "/file", "/nothing/x"); }},
      {"rename below a file", ENOTDIR, [](auto& s) { return rename(s, "/file", "/file/x"); }},
      {"rename a directory onto a file", ENOTDIR,
       [](auto& s) { return rename(s, "/empty", "/file"); }},
      {"rename a file to a name with a slash", ENOTDIR,
       [](auto& s) { return rename(s, "/file", "/new/"); }},
      {"rename a file onto a directory", EISDIR,
       [](auto& s) { return rename(s, "/file", "/empty"); }},
      {"rename onto what is not empty", ENOTEMPTY,
       [](auto& s) { return rename(s, "/empty", "/full"); }},
      {"rename into itself", EINVAL, [](auto& s) { return rename(s, "/full", "/full/below/x"); }},
      {"rename onto what it is in", ENOTEMPTY,
       [](auto& s) { return rename(s, "/full/below", "/full"); }},
      {"rename .", EBUSY, [](auto& s) { return rename(s, "/full/.", "/x"); }},
      {"rename to ..", EBUSY, [](auto& s) { return rename(s, "/file", "/full/below/.."); }},
      {"rename to what is there", EEXIST,
       [](auto& s) { return rename(s, "/file", "/link", RENAME_NOREPLACE); }},
      {"exchange with nothing", ENOENT,
       [](auto& s) { return rename(s, "/file", "/nothing", RENAME_EXCHANGE); }},
      {"rename with both flags", EINVAL,
       [](auto& s) { return rename(s, "/file", "/x", RENAME_EXCHANGE | RENAME_NOREPLACE); }},
      {"rename with unknown flags", EINVAL, [](auto& s) { return rename(s, "/file", "/x", 64); }},
      {"rename below a circle", ELOOP, [](auto& s) { return rename(s, "/circle/x", "/x"); }},
      {"rename to a long name", ENAMETOOLONG,
       [](auto& s) { return rename(s, "/file", long_name()); }},
      {"rename a long path", ENAMETOOLONG, [](auto& s) { return rename(s, long_path(), "/x"); }},
  });
}

TEST_F(ErrnoTableTest, Links) {
  expect({
      {"link nothing", ENOENT, [](auto& s) { return link(s, "/nothing", "/x"); }},
      {"link to what is there", EEXIST, [](auto& s) { return link(s, "/file", "/link"); }},
      {"link a directory", EPERM, [](auto& s) { return link(s, "/empty", "/x"); }},
      {"link below a file", ENOTDIR, [](auto& s) { return link(s, "/file", "/file/x"); }},
      {"link what a circle leads to", ELOOP,
       [](auto& s) { return link(s, "/circle", "/x", AT_SYMLINK_FOLLOW); }},
      {"link to a long name", ENAMETOOLONG, [](auto& s) { return link(s, "/file", long_name()); }},
      {"link with unknown flags", EINVAL, [](auto& s) { return link(s, "/file", "/x", 1); }},
      {"symlink at what is there", EEXIST, [](auto& s) { return make_link(s, "t", "/file"); }},
      {"symlink to nothing at all", ENOENT, [](auto& s) { return make_link(s, "", "/x"); }},
      {"symlink below nothing", ENOENT, [](auto& s) { return make_link(s, "t", "/nothing/x"); }},
      {"symlink below a file", ENOTDIR, [](auto& s) { return make_link(s, "t", "/file/x"); }},
      {"symlink to a long path", ENAMETOOLONG,
       [](auto& s) { return make_link(s, std::string(4096, 't'), "/x"); }},
      {"symlink of a long name", ENAMETOOLONG,
       [](auto& s) { return make_link(s, "t", long_name()); }},
      {"readlink of a file", EINVAL, [](auto& s) { return read_link(s, "/file"); }},
      {"readlink into nothing", EINVAL, [](auto& s) { return read_link(s, "/link", 0); }},
      {"readlink of nothing", ENOENT, [](auto& s) { return read_link(s, "/nothing"); }},
      {"readlink below a file", ENOTDIR, [](auto& s) { return read_link(s, "/file/x"); }},
      {"readlink below a circle", ELOOP, [](auto& s) { return read_link(s, "/circle/x"); }},
  });
}

}  // namespace
}  // namespace mayfly
