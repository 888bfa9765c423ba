// Extended attributes through the C interface: each result is what the local file system gives
// where it has any, and what setxattr(2) says.
#include <sys/xattr.h>

#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

std::string value_of(const char* path, const char* name) {
  std::string value(70'000, '?');
  const ssize_t bytes = mayfly_getxattr(path, name, value.data(), value.size());
  if (bytes < 0) return describe(errc_from(errno));
  value.resize(static_cast<std::size_t>(bytes));
  return value;
}

std::set<std::string> names_of(const char* path) {
  std::string names(70'000, '?');
  const ssize_t bytes = mayfly_listxattr(path, names.data(), names.size());
  EXPECT_GE(bytes, 0);
  names.resize(static_cast<std::size_t>(std::max<ssize_t>(0, bytes)));
  std::istringstream stream(names);
  std::set<std::string> result;
  for (std::string name; std::getline(stream, name, '\0');) result.insert(name);
  return result;
}

int set(const char* path, const char* name, const std::string& value, int flags = 0) {
  return error_of(mayfly_setxattr(path, name, value.data(), value.size(), flags));
}

TEST_F(CApiTest, ExtendedAttributesAreSetReadListedAndRemoved) {
  in_member([] {
    for (const char* path : {"/f", "/d"}) {
      ASSERT_TRUE(path[1] == 'f' ? make_file(path, "") : mayfly_mkdir(path, 0755) == 0);
      EXPECT_EQ(names_of(path), std::set<std::string>());
      EXPECT_EQ(set(path, "user.a", std::string("with\0zero", 9)), 0);
      EXPECT_EQ(set(path, "user.empty", ""), 0);
      EXPECT_EQ(value_of(path, "user.a"), std::string("with\0zero", 9));
      EXPECT_EQ(value_of(path, "user.empty"), "");
      EXPECT_EQ(value_of(path, "user.none"), describe(Errc::no_data));
      EXPECT_EQ(set(path, "user.a", "other", XATTR_CREATE), EEXIST);
      EXPECT_EQ(set(path, "user.b", "other", XATTR_REPLACE), ENODATA);
      EXPECT_EQ(set(path, "user.a", "other", XATTR_REPLACE), 0);
      EXPECT_EQ(value_of(path, "user.a"), "other");
      EXPECT_EQ(names_of(path), (std::set<std::string>{"user.a", "user.empty"}));
      EXPECT_EQ(error_of(mayfly_removexattr(path, "user.a")), 0);
      EXPECT_EQ(error_of(mayfly_removexattr(path, "user.a")), ENODATA);
      EXPECT_EQ(names_of(path), (std::set<std::string>{"user.empty"}));
    }
  });
}

TEST_F(CApiTest, ABufferOfNoBytesAsksForTheSizeAndOneTooShortIsErange) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    ASSERT_EQ(set("/f", "user.a", "12345"), 0);
    char buffer[16];
    EXPECT_EQ(mayfly_getxattr("/f", "user.a", nullptr, 0), 5);
    EXPECT_EQ(mayfly_listxattr("/f", nullptr, 0), 7);
    EXPECT_EQ(error_of(mayfly_getxattr("/f", "user.a", buffer, 4)), ERANGE);
    EXPECT_EQ(error_of(mayfly_listxattr("/f", buffer, 6)), ERANGE);
    EXPECT_EQ(mayfly_getxattr("/f", "user.a", buffer, 5), 5);
  });
}

TEST_F(CApiTest, NamesAndValuesHaveTheLimitsOfExt4) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const std::string longest = "user." + std::string(250, 'n');
    EXPECT_EQ(set("/f", longest.c_str(), "x"), 0);
    EXPECT_EQ(set("/f", (longest + "n").c_str(), "x"), ERANGE);
    EXPECT_EQ(set("/f", "", "x"), ERANGE);
    EXPECT_EQ(set("/f", "user.", "x"), EINVAL);
    EXPECT_EQ(set("/f", "nowhere.a", "x"), EOPNOTSUPP);
    EXPECT_EQ(value_of("/f", "nowhere.a"), describe(Errc::not_supported));
    EXPECT_EQ(set("/f", "user.a", std::string(65'537, 'v')), E2BIG);
    EXPECT_EQ(set("/f", "user.a", std::string(65'536, 'v')), ENOSPC);
    EXPECT_EQ(set("/f", "user.a", std::string(3'000, 'v')), 0);
    EXPECT_EQ(set("/f", "user.b", std::string(1'000, 'v')), ENOSPC);
    EXPECT_EQ(set("/f", "user.a", std::string(3'500, 'w')), 0);
    EXPECT_EQ(value_of("/f", "user.a"), std::string(3'500, 'w'));
    EXPECT_EQ(set("/f", "user.a", "x", XATTR_CREATE | XATTR_REPLACE), EINVAL);
  });
}

TEST_F(CApiTest, DescriptorsAndLinksHaveThemToo) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    ASSERT_EQ(mayfly_symlink("f", "/l"), 0);
    const int fd = mayfly_open("/f", O_RDWR, 0);
    EXPECT_EQ(error_of(mayfly_fsetxattr(fd, "user.a", "x", 1, 0)), 0);
    char buffer[16];
    EXPECT_EQ(mayfly_fgetxattr(fd, "user.a", buffer, 16), 1);
    EXPECT_EQ(mayfly_flistxattr(fd, buffer, 16), 7);
    EXPECT_EQ(value_of("/l", "user.a"), "x");
    EXPECT_EQ(error_of(mayfly_lgetxattr("/l", "user.a", buffer, 16)), ENODATA);
    EXPECT_EQ(error_of(mayfly_lsetxattr("/l", "user.a", "x", 1, 0)), EPERM);
    EXPECT_EQ(error_of(mayfly_lremovexattr("/l", "user.a")), EPERM);
    EXPECT_EQ(mayfly_llistxattr("/l", buffer, 16), 0);
    EXPECT_EQ(error_of(mayfly_fremovexattr(fd, "user.a")), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(error_of(mayfly_fgetxattr(fd, "user.a", buffer, 16)), EBADF);
    EXPECT_EQ(error_of(mayfly_fgetxattr(-1, "user.a", buffer, 16)), EBADF);
    EXPECT_EQ(error_of(mayfly_setxattr("/none", "user.a", "x", 1, 0)), ENOENT);
    EXPECT_EQ(error_of(mayfly_setxattr(nullptr, "user.a", "x", 1, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_setxattr("/f", nullptr, "x", 1, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_setxattr("/f", "user.a", nullptr, 1, 0)), EFAULT);
  });
}

TEST_F(CApiTest, ExtendedAttributesGoWhereTheFileGoes) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    for (int i = 0; i < 8; ++i) {
      const std::string from = "/f" + std::to_string(i);
      const std::string to = "/d/g" + std::to_string(i);
      ASSERT_TRUE(make_file(from.c_str(), ""));
      ASSERT_EQ(set(from.c_str(), "user.a", from), 0);
      ASSERT_EQ(mayfly_rename(from.c_str(), to.c_str()), 0);
      EXPECT_EQ(value_of(to.c_str(), "user.a"), from);
    }
  });
}

}  // namespace
}  // namespace mayfly
