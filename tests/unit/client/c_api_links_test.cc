// The C interface of several names for one file: rename, links, and paths that begin at
// descriptors.
#include <fcntl.h>
#include <stdio.h>

#include <map>

#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

std::string target_of(const char* path) {
  std::string target(5000, '?');
  const ssize_t bytes = mayfly_readlink(path, target.data(), target.size());
  if (bytes < 0) return describe(errc_from(errno));
  target.resize(static_cast<std::size_t>(bytes));
  return target;
}

std::string content_of(const char* path) {
  const int fd = mayfly_open(path, O_RDONLY, 0);
  if (fd < 0) return describe(errc_from(errno));
  std::string bytes = bytes_of_file(fd);
  EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  return bytes;
}

TEST_F(CApiTest, ARenamedFileKeepsItsBytesAndReplacesWhatWasThere) {
  in_member([] {
    ASSERT_TRUE(make_file("/a", "new"));
    ASSERT_TRUE(make_file("/b", "old"));
    EXPECT_EQ(error_of(mayfly_renameat2(AT_FDCWD, "/a", AT_FDCWD, "/b", RENAME_NOREPLACE)), EEXIST);
    const int replaced = mayfly_open("/b", O_RDONLY, 0);
    EXPECT_EQ(error_of(mayfly_rename("/a", "/b")), 0);
    EXPECT_EQ(content_of("/b"), "new");
    EXPECT_EQ(content_of("/a"), describe(Errc::no_entry));
    EXPECT_EQ(bytes_of_file(replaced), "old");
    EXPECT_EQ(error_of(mayfly_close(replaced)), 0);
    EXPECT_EQ(error_of(mayfly_renameat2(AT_FDCWD, "/b", AT_FDCWD, "/c", 8)), EINVAL);
    EXPECT_EQ(error_of(mayfly_rename(nullptr, "/c")), EFAULT);
    EXPECT_EQ(error_of(mayfly_rename("/b", nullptr)), EFAULT);
  });
}

TEST_F(CApiTest, ARenameOntoADirectoryBelowItselfIsEinval) {
  in_member([] {
    for (const char* path : {"/a", "/a/b", "/a/b/c"}) ASSERT_EQ(mayfly_mkdir(path, 0755), 0);
    EXPECT_EQ(error_of(mayfly_rename("/a", "/a/b/c/d")), EINVAL);
    EXPECT_EQ(error_of(mayfly_rename("/a/b/c", "/a")), ENOTEMPTY);
    EXPECT_EQ(error_of(mayfly_rename("/a/b/c", "/c")), 0);
    EXPECT_EQ(error_of(mayfly_rename("/a", "/c/a")), 0);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_stat("/c/a/b", &status)), 0);
  });
}

TEST_F(CApiTest, AFileHasAsManyLinksAsNames) {
  in_member([] {
    ASSERT_TRUE(make_file("/a", "x"));
    EXPECT_EQ(error_of(mayfly_link("/a", "/b")), 0);
    EXPECT_EQ(stat_of_path("/b").st_nlink, 2U);
    EXPECT_EQ(stat_of_path("/b").st_ino, stat_of_path("/a").st_ino);
    EXPECT_EQ(error_of(mayfly_link("/a", "/b")), EEXIST);
    EXPECT_EQ(error_of(mayfly_link("/nothing", "/c")), ENOENT);
    EXPECT_EQ(error_of(mayfly_link("/", "/c")), EPERM);
    EXPECT_EQ(error_of(mayfly_unlink("/a")), 0);
    EXPECT_EQ(content_of("/b"), "x");
    EXPECT_EQ(stat_of_path("/b").st_nlink, 1U);
  });
}

TEST_F(CApiTest, SymbolicLinksAreFollowedAsFarAs40) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    ASSERT_TRUE(make_file("/d/f", "content"));
    EXPECT_EQ(error_of(mayfly_symlink("d", "/l")), 0);
    EXPECT_EQ(error_of(mayfly_symlink("/d/f", "/d/absolute")), 0);
    EXPECT_EQ(content_of("/l/f"), "content");
    EXPECT_EQ(content_of("/l/absolute"), "content");
    EXPECT_EQ(content_of("/l/../l/f"), "content");
    EXPECT_EQ(target_of("/d/absolute"), "/d/f");
    EXPECT_EQ(target_of("/d/f"), describe(Errc::invalid));
    EXPECT_EQ(error_of(mayfly_symlink("loop", "/loop")), 0);
    EXPECT_EQ(content_of("/loop"), describe(Errc::loop));
    EXPECT_EQ(content_of("/loop/f"), describe(Errc::loop));
    std::string before = "/d/f";
    for (int i = 1; i <= 41; ++i) {
      const std::string link = "/chain" + std::to_string(i);
      ASSERT_EQ(error_of(mayfly_symlink(before.c_str(), link.c_str())), 0);
      EXPECT_EQ(content_of(link.c_str()), i <= 40 ? "content" : describe(Errc::loop)) << i;
      before = link;
    }
  });
}

TEST_F(CApiTest, ATargetMayHave4095Bytes) {
  in_member([] {
    const std::string longest(4095, '/');
    EXPECT_EQ(error_of(mayfly_symlink(longest.c_str(), "/l")), 0);
    EXPECT_EQ(target_of("/l"), longest);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_lstat("/l", &status)), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
    EXPECT_EQ(status.st_size, 4095);
    EXPECT_TRUE(S_ISDIR(stat_of_path("/l").st_mode));
    EXPECT_EQ(error_of(mayfly_symlink((longest + "/").c_str(), "/m")), ENAMETOOLONG);
    EXPECT_EQ(error_of(mayfly_symlink("", "/m")), ENOENT);
    char one = '?';
    EXPECT_EQ(mayfly_readlink("/l", &one, 1), 1);
    EXPECT_EQ(one, '/');
    EXPECT_EQ(error_of(mayfly_readlink("/l", &one, 0)), EINVAL);
  });
}

TEST_F(CApiTest, ASymbolicLinkCanBeMeantItself) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    ASSERT_EQ(mayfly_symlink("f", "/l"), 0);
    EXPECT_EQ(error_of(mayfly_open("/l", O_RDONLY | O_NOFOLLOW, 0)), ELOOP);
    EXPECT_EQ(error_of(mayfly_open("/l", O_WRONLY | O_CREAT | O_EXCL, 0644)), EEXIST);
    EXPECT_EQ(error_of(mayfly_lchown("/l", 4321, 0)), 0);
    EXPECT_EQ(stat_of_path("/f").st_uid, ::geteuid());
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_lstat("/l", &status)), 0);
    EXPECT_EQ(status.st_uid, 4321U);
    EXPECT_EQ(error_of(mayfly_fchmodat(AT_FDCWD, "/l", 0600, AT_SYMLINK_NOFOLLOW)), EOPNOTSUPP);
    EXPECT_EQ(error_of(mayfly_link("/l", "/m")), 0);
    EXPECT_EQ(target_of("/m"), "f");
    EXPECT_EQ(error_of(mayfly_linkat(AT_FDCWD, "/l", AT_FDCWD, "/n", AT_SYMLINK_FOLLOW)), 0);
    EXPECT_EQ(stat_of_path("/f").st_nlink, 2U);
    EXPECT_EQ(error_of(mayfly_unlink("/l")), 0);
    EXPECT_EQ(error_of(mayfly_stat("/f", &status)), 0);
  });
}

TEST_F(CApiTest, ALinkThatLeadsNowhereIsMadeWhole) {
  in_member([] {
    ASSERT_EQ(mayfly_symlink("there", "/l"), 0);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_stat("/l", &status)), ENOENT);
    const int fd = mayfly_open("/l", O_WRONLY | O_CREAT, 0644);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(error_of(mayfly_stat("/there", &status)), 0);
  });
}

TEST_F(CApiTest, PathsBeginAtTheDirectoryOfADescriptorWhereverThatGoes) {
  in_member([] {
    for (const char* path : {"/a", "/a/b", "/c"}) ASSERT_EQ(mayfly_mkdir(path, 0755), 0);
    const int b = mayfly_open("/a/b", O_RDONLY | O_DIRECTORY, 0);
    ASSERT_GE(b, 0);
    EXPECT_EQ(error_of(mayfly_rename("/a", "/c/moved")), 0);
    const int fd = mayfly_openat(b, "f", O_WRONLY | O_CREAT, 0644);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(error_of(mayfly_mkdirat(b, "d", 0755)), 0);
    EXPECT_EQ(error_of(mayfly_symlinkat("f", b, "l")), 0);
    EXPECT_EQ(error_of(mayfly_linkat(b, "f", b, "../g", 0)), 0);
    EXPECT_EQ(error_of(mayfly_renameat2(b, "f", b, "d/h", 0)), 0);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_fstatat(b, "d/h", &status, 0)), 0);
    EXPECT_EQ(status.st_nlink, 2U);
    EXPECT_EQ(stat_of_path("/c/moved/g").st_ino, status.st_ino);
    EXPECT_EQ(error_of(mayfly_fstatat(b, "l", &status, AT_SYMLINK_NOFOLLOW)), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
    EXPECT_EQ(error_of(mayfly_fstatat(b, "", &status, AT_EMPTY_PATH)), 0);
    EXPECT_TRUE(S_ISDIR(status.st_mode));
    EXPECT_EQ(error_of(mayfly_fchmodat(b, "d", 0700, 0)), 0);
    EXPECT_EQ(stat_of_path("/c/moved/b/d").st_mode & 07777, 0700U);
    EXPECT_EQ(error_of(mayfly_faccessat(b, "d", R_OK, AT_EACCESS)), 0);
    EXPECT_EQ(error_of(mayfly_unlinkat(b, "d/h", 0)), 0);
    EXPECT_EQ(error_of(mayfly_unlinkat(b, "d", AT_REMOVEDIR)), 0);
    EXPECT_EQ(error_of(mayfly_fstatat(b, "../../..", &status, 0)), 0);
    EXPECT_EQ(status.st_ino, stat_of_path("/").st_ino);
    EXPECT_EQ(error_of(mayfly_close(b)), 0);
  });
}

TEST_F(CApiTest, ADescriptorThatPathsCannotBeginAtIsRefused) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const int file = mayfly_open("/f", O_RDONLY, 0);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_fstatat(file, "x", &status, 0)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_fstatat(file, "/f", &status, 0)), 0);
    EXPECT_EQ(error_of(mayfly_close(file)), 0);
    EXPECT_EQ(error_of(mayfly_fstatat(file, "x", &status, 0)), EBADF);
    EXPECT_EQ(error_of(mayfly_fstatat(AT_FDCWD, "x", &status, 0)), EINVAL);
    EXPECT_EQ(error_of(mayfly_fstatat(AT_FDCWD, "/f", &status, 1 << 20)), EINVAL);
    EXPECT_EQ(error_of(mayfly_unlinkat(AT_FDCWD, "/f", 1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_open("/", O_TMPFILE | O_RDWR, 0600)), EOPNOTSUPP);
  });
}

TEST_F(CApiTest, AListingGoesOnWhereItsPositionSays) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    for (int i = 0; i < 700; ++i) ASSERT_TRUE(make_file(("/d/" + std::to_string(i)).c_str(), "x"));
    mayfly_dir* const directory = mayfly_opendir("/d");
    std::vector<std::pair<long, std::string>> all;  // each with where it was read from
    long position = mayfly_telldir(directory);
    while (const dirent* entry = mayfly_readdir(directory)) {
      all.emplace_back(position, entry->d_name);
      position = mayfly_telldir(directory);
      EXPECT_EQ(position, entry->d_off);
    }
    ASSERT_EQ(all.size(), 702U);
    EXPECT_EQ(all[0].second, ".");
    for (std::size_t i = all.size(); i > 10; i -= 7) {
      mayfly_seekdir(directory, all[i - 1].first);
      ASSERT_STREQ(mayfly_readdir(directory)->d_name, all[i - 1].second.c_str());
      if (i < all.size()) {
        ASSERT_STREQ(mayfly_readdir(directory)->d_name, all[i].second.c_str());
      }
    }
    // What comes and goes moves no position.
    for (std::size_t i = 2; i < 600; ++i) {
      ASSERT_EQ(mayfly_unlink(("/d/" + all[i].second).c_str()), 0);
    }
    ASSERT_TRUE(make_file("/d/new", ""));
    mayfly_seekdir(directory, all[650].first);
    EXPECT_EQ(mayfly_readdir(directory)->d_name, all[650].second);
    EXPECT_EQ(mayfly_closedir(directory), 0);
  });
}

TEST_F(CApiTest, AListingWithAttributesSaysWhatLstatSays) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    ASSERT_EQ(mayfly_mkdir("/d/sub", 0700), 0);
    const int open = mayfly_open("/d/open", O_WRONLY | O_CREAT, 0644);
    ASSERT_EQ(mayfly_pwrite(open, "four", 4, 0), 4);
    for (int i = 0; i < 20; ++i) {
      const std::string name = std::to_string(i);
      ASSERT_TRUE(make_file(("/" + name).c_str(), std::string(static_cast<std::size_t>(i), 'x')));
      ASSERT_EQ(mayfly_rename(("/" + name).c_str(), ("/d/" + name).c_str()), 0);
    }
    ASSERT_EQ(mayfly_symlink("target", "/d/link"), 0);
    const int fd = mayfly_open("/d", O_RDONLY | O_DIRECTORY, 0);
    mayfly_dir* const directory = mayfly_fdopendir(fd);
    EXPECT_EQ(error_of(mayfly_fdopendir(open)), ENOTDIR);
    struct stat status {};
    std::size_t entries = 0;
    while (const dirent* entry = mayfly_readdir_plus(directory, &status)) {
      struct stat expected {};
      const std::string path = std::string("/d/") + entry->d_name;
      EXPECT_EQ(error_of(mayfly_lstat(path.c_str(), &expected)), 0);
      if (path == "/d/..") expected = stat_of_path("/");
      EXPECT_EQ(status.st_ino, expected.st_ino) << path;
      EXPECT_EQ(status.st_mode, expected.st_mode) << path;
      EXPECT_EQ(status.st_size, expected.st_size) << path;
      EXPECT_EQ(entry->d_ino, expected.st_ino) << path;
      ++entries;
    }
    EXPECT_EQ(entries, 25U);
    EXPECT_EQ(mayfly_closedir(directory), 0);
    EXPECT_EQ(error_of(mayfly_fdopendir(fd)), EBADF);
    EXPECT_EQ(error_of(mayfly_close(open)), 0);
  });
}

}  // namespace
}  // namespace mayfly
