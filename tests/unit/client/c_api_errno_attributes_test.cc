// Every errno that a change of attributes can fail with, next to what Linux says to the same call.
#include "unit/client/errno_table.h"

namespace mayfly {
namespace {

ssize_t chmod(const Scene& s, const std::string& path) {
  return s.calls.fchmodat(AT_FDCWD, s.of(path.c_str()).c_str(), 0755, 0);
}
ssize_t chown(const Scene& s, const std::string& path, int flags = 0) {
  return s.calls.fchownat(AT_FDCWD, s.of(path.c_str()).c_str(), ::geteuid(), ::getegid(), flags);
}
ssize_t utimens(const Scene& s, const std::string& path, long nanoseconds = 0, int flags = 0) {
  const timespec times[2] = {{1, 0}, {1, nanoseconds}};
  return s.calls.utimensat(AT_FDCWD, s.of(path.c_str()).c_str(), times, flags);
}
ssize_t set(const Scene& s, const std::string& path, const std::string& name, std::size_t bytes = 1,
            int flags = 0) {
  const std::string value(bytes, 'v');
  return s.calls.setxattr(s.of(path.c_str()).c_str(), name.c_str(), value.data(), bytes, flags);
}
ssize_t get(const Scene& s, const std::string& path, const std::string& name,
            std::size_t room = 100) {
  char value[100];
  return s.calls.getxattr(s.of(path.c_str()).c_str(), name.c_str(), value, room);
}

TEST_F(ErrnoTableTest, ModeOwnerAndTimes) {
  expect({
      {"chmod nothing", ENOENT, [](auto& s) { return chmod(s, "/nothing"); }},
      {"chmod a dangling link", ENOENT, [](auto& s) { return chmod(s, "/dangling"); }},
      {"chmod below a file", ENOTDIR, [](auto& s) { return chmod(s, "/file/x"); }},
      {"chmod a circle", ELOOP, [](auto& s) { return chmod(s, "/circle"); }},
      {"chmod a long name", ENAMETOOLONG, [](auto& s) { return chmod(s, long_name()); }},
      {"chmod NULL", EFAULT,
       [](auto& s) -> ssize_t { return s.calls.fchmodat(AT_FDCWD, nullptr, 0755, 0); }},
      {"chmod nothing open", EBADF, [](auto& s) -> ssize_t { return s.calls.fchmod(9999, 0755); }},
      {"chown nothing", ENOENT, [](auto& s) { return chown(s, "/nothing"); }},
      {"chown below a file", ENOTDIR, [](auto& s) { return chown(s, "/file/x"); }},
      {"chown a circle", ELOOP, [](auto& s) { return chown(s, "/circle"); }},
      {"chown a long name", ENAMETOOLONG, [](auto& s) { return chown(s, long_name()); }},
      {"chown with unknown flags", EINVAL, [](auto& s) { return chown(s, "/file", 1); }},
      {"utimens of nothing", ENOENT, [](auto& s) { return utimens(s, "/nothing"); }},
      {"utimens below a file", ENOTDIR, [](auto& s) { return utimens(s, "/file/x"); }},
      {"utimens of a circle", ELOOP, [](auto& s) { return utimens(s, "/circle"); }},
      {"utimens of a long name", ENAMETOOLONG, [](auto& s) { return utimens(s, long_name()); }},
      {"utimens before a second", EINVAL, [](auto& s) { return utimens(s, "/file", -1); }},
      {"utimens beyond a second", EINVAL,
       [](auto& s) { return utimens(s, "/file", 1'000'000'000); }},
      {"utimens with unknown flags", EINVAL, [](auto& s) { return utimens(s, "/file", 0, 1); }},
      {"futimens of nothing open", EBADF,
       [](auto& s) -> ssize_t { return s.calls.futimens(9999, nullptr); }},
  });
}

TEST_F(ErrnoTableTest, ExtendedAttributes) {
  if (!ReferenceDirectory::has_extended_attributes()) {
    GTEST_SKIP() << "the temporary directory has no extended attributes";
  }
  expect({
      {"setxattr of nothing", ENOENT, [](auto& s) { return set(s, "/nothing", "user.a"); }},
      {"setxattr below a file", ENOTDIR, [](auto& s) { return set(s, "/file/x", "user.a"); }},
      {"setxattr of a circle", ELOOP, [](auto& s) { return set(s, "/circle", "user.a"); }},
      {"setxattr without a class", EOPNOTSUPP, [](auto& s) { return set(s, "/file", "a"); }},
      {"setxattr of a class alone", EINVAL, [](auto& s) { return set(s, "/file", "user."); }},
      {"setxattr of no name", ERANGE, [](auto& s) { return set(s, "/file", ""); }},
      {"setxattr of a long name", ERANGE,
       [](auto& s) { return set(s, "/file", "user." + std::string(251, 'n')); }},
      {"setxattr of too much", E2BIG, [](auto& s) { return set(s, "/file", "user.a", 65'537); }},
      {"setxattr of more than fits", ENOSPC,
       [](auto& s) { return set(s, "/file", "user.a", 60'000); }},
      {"setxattr with unknown flags", EINVAL,
       [](auto& s) { return set(s, "/file", "user.a", 1, 64); }},
      {"replace what is not there", ENODATA,
       [](auto& s) { return set(s, "/file", "user.a", 1, XATTR_REPLACE); }},
      {"create what is there", EEXIST,
       [](auto& s) {
         return set(s, "/full", "user.a") == 0 ? set(s, "/full", "user.a", 1, XATTR_CREATE) : 0;
       }},
      {"getxattr with too little room", ERANGE,
       [](auto& s) {
         return set(s, "/full", "user.b", 50) == 0 ? get(s, "/full", "user.b", 49) : 0;
       }},
      {"getxattr of what is not there", ENODATA,
       [](auto& s) { return get(s, "/file", "user.none"); }},
      {"getxattr of nothing", ENOENT, [](auto& s) { return get(s, "/nothing", "user.a"); }},
      {"getxattr without a class", EOPNOTSUPP, [](auto& s) { return get(s, "/file", "a"); }},
      {"listxattr with too little room", ERANGE,
       [](auto& s) {
         char names[2];
         return set(s, "/full", "user.c") == 0 ? s.calls.listxattr(s.of("/full").c_str(), names, 2)
                                               : 0;
       }},
      {"listxattr of nothing", ENOENT,
       [](auto& s) { return s.calls.listxattr(s.of("/nothing").c_str(), nullptr, 0); }},
      {"removexattr of what is not there", ENODATA,
       [](auto& s) -> ssize_t { return s.calls.removexattr(s.of("/file").c_str(), "user.none"); }},
      {"removexattr of nothing", ENOENT,
       [](auto& s) -> ssize_t { return s.calls.removexattr(s.of("/nothing").c_str(), "user.a"); }},
      {"setxattr of NULL", EFAULT,
       [](auto& s) -> ssize_t { return s.calls.setxattr(nullptr, "user.a", "v", 1, 0); }},
  });
}

TEST_F(ErrnoTableTest, ExtendedAttributesOfWhatIsOpenAndOfLinks) {
  expect_of_us({
      {"fsetxattr of nothing open", EBADF,
       [](auto&) -> ssize_t { return mayfly_fsetxattr(-1, "user.a", "v", 1, 0); }},
      {"fgetxattr of nothing open", EBADF,
       [](auto&) { return mayfly_fgetxattr(9999, "user.a", nullptr, 0); }},
      {"flistxattr of nothing open", EBADF,
       [](auto&) { return mayfly_flistxattr(-1, nullptr, 0); }},
      {"fremovexattr of nothing open", EBADF,
       [](auto&) -> ssize_t { return mayfly_fremovexattr(-1, "user.a"); }},
      {"lsetxattr of a link", EPERM,
       [](auto&) -> ssize_t { return mayfly_lsetxattr("/link", "user.a", "v", 1, 0); }},
      {"chmod of a link itself", EOPNOTSUPP,
       [](auto&) -> ssize_t {
         return mayfly_fchmodat(AT_FDCWD, "/link", 0755, AT_SYMLINK_NOFOLLOW);
       }},
  });
}

}  // namespace
}  // namespace mayfly
