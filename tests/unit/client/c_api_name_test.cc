// The C interface by name: paths, directories and attributes.
#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

/// "/", then `length` letters.
std::string name_of(std::size_t length) { return "/" + std::string(length, 'n'); }

/// Everything that is left to read, each name with "/" behind it if it is a directory's.
std::multiset<std::string> rest_of(mayfly_dir* directory) {
  std::multiset<std::string> names;
  errno = 0;
  while (const dirent* entry = mayfly_readdir(directory)) {
    names.insert(entry->d_name + std::string(entry->d_type == DT_DIR ? "/" : ""));
  }
  EXPECT_EQ(errno, 0);
  return names;
}

TEST_F(CApiTest, ANameThatIsTooLongIsEnametoolong) {
  in_member([] {
    EXPECT_TRUE(make_file(name_of(255).c_str(), ""));
    struct stat status {};
    for (const std::string& path : {name_of(256), name_of(256) + "/f"}) {
      EXPECT_EQ(error_of(mayfly_open(path.c_str(), O_RDWR | O_CREAT, 0644)), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_stat(path.c_str(), &status)), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_mkdir(path.c_str(), 0755)), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_rmdir(path.c_str())), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_unlink(path.c_str())), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_chmod(path.c_str(), 0600)), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_utimens(path.c_str(), nullptr)), ENAMETOOLONG);
      EXPECT_EQ(error_of(mayfly_opendir(path.c_str())), ENAMETOOLONG);
    }
  });
}

TEST_F(CApiTest, APathMayHave4095Bytes) {
  in_member([] {
    std::string path = "/f";
    while (path.size() < 4095) path.insert(0, "/");
    EXPECT_TRUE(make_file(path.c_str(), ""));
    path.insert(0, "/");
    EXPECT_EQ(error_of(mayfly_open(path.c_str(), O_RDONLY, 0)), ENAMETOOLONG);
  });
}

TEST_F(CApiTest, AnEmptyPathIsEnoent) {
  in_member([] {
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_open("", O_RDWR | O_CREAT, 0644)), ENOENT);
    EXPECT_EQ(error_of(mayfly_stat("", &status)), ENOENT);
    EXPECT_EQ(error_of(mayfly_mkdir("", 0755)), ENOENT);
    EXPECT_EQ(error_of(mayfly_rmdir("")), ENOENT);
    EXPECT_EQ(error_of(mayfly_unlink("")), ENOENT);
    EXPECT_EQ(error_of(mayfly_chmod("", 0600)), ENOENT);
    EXPECT_EQ(error_of(mayfly_utimens("", nullptr)), ENOENT);
    EXPECT_EQ(error_of(mayfly_opendir("")), ENOENT);
  });
}

TEST_F(CApiTest, ARelativePathIsEinval) {
  in_member([] {
    EXPECT_EQ(error_of(mayfly_open("f", O_RDWR | O_CREAT, 0644)), EINVAL);
    EXPECT_EQ(error_of(mayfly_mkdir("./d", 0755)), EINVAL);
  });
}

TEST_F(CApiTest, ANameMayHaveEveryByteButSlashAndNul) {
  in_member([] {
    std::string name;
    for (int byte = 1; byte < 256; ++byte) {
      if (byte != '/') name += static_cast<char>(byte);
    }
    ASSERT_TRUE(make_file(("/" + name).c_str(), "bytes"));
    mayfly_dir* root = mayfly_opendir("/");
    ASSERT_NE(root, nullptr);
    EXPECT_EQ(rest_of(root), (std::multiset<std::string>{"./", "../", name}));
    EXPECT_EQ(error_of(mayfly_closedir(root)), 0);
    EXPECT_EQ(stat_of_path(("/" + name).c_str()).st_size, 5);
    EXPECT_EQ(error_of(mayfly_unlink(("/" + name).c_str())), 0);
  });
}

TEST_F(CApiTest, AFileIsNoDirectory) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_open("/f/g", O_RDWR | O_CREAT, 0644)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_stat("/f/g", &status)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_stat("/f/", &status)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_mkdir("/f/d", 0755)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_rmdir("/f")), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_unlink("/f/g")), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_chmod("/f/g", 0600)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_utimens("/f/g", nullptr)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_opendir("/f")), ENOTDIR);
  });
}

TEST_F(CApiTest, ADirectoryIsNoFile) {
  in_member([] {
    ASSERT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    EXPECT_EQ(error_of(mayfly_open("/d", O_RDWR, 0)), EISDIR);
    EXPECT_EQ(error_of(mayfly_open("/d", O_RDONLY | O_CREAT, 0644)), EISDIR);
    EXPECT_EQ(error_of(mayfly_open("/new/", O_RDWR | O_CREAT, 0644)), EISDIR);
    EXPECT_EQ(error_of(mayfly_open("/", O_WRONLY, 0)), EISDIR);
    EXPECT_EQ(error_of(mayfly_unlink("/d")), EISDIR);
    const int fd = mayfly_open("/d", O_RDONLY | O_DIRECTORY, 0);
    char byte = 0;
    EXPECT_EQ(error_of(mayfly_pread(fd, &byte, 1, 0)), EISDIR);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, DirectoriesAreMadeOnceAndBelowWhatIsThere) {
  in_member([] {
    EXPECT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    EXPECT_EQ(error_of(mayfly_mkdir("/d", 0755)), EEXIST);
    EXPECT_EQ(error_of(mayfly_mkdir("/", 0755)), EEXIST);
    EXPECT_EQ(error_of(mayfly_mkdir("/d/e/", 0755)), 0);
    EXPECT_EQ(error_of(mayfly_mkdir("/none/d", 0755)), ENOENT);
    EXPECT_EQ(error_of(mayfly_open("/none/f", O_RDWR | O_CREAT, 0644)), ENOENT);
  });
}

TEST_F(CApiTest, OnlyAnEmptyDirectoryIsRemoved) {
  in_member([] {
    ASSERT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    ASSERT_TRUE(make_file("/d/f", ""));
    EXPECT_EQ(error_of(mayfly_rmdir("/d")), ENOTEMPTY);
    EXPECT_EQ(error_of(mayfly_unlink("/d/f")), 0);
    EXPECT_EQ(error_of(mayfly_rmdir("/d/.")), EINVAL);
    EXPECT_EQ(error_of(mayfly_rmdir("/d")), 0);
    EXPECT_EQ(error_of(mayfly_rmdir("/d")), ENOENT);
    EXPECT_EQ(error_of(mayfly_rmdir("/")), EBUSY);
  });
}

TEST_F(CApiTest, AListingHasEveryEntryOnceAndCanBeginAnew) {
  in_member([] {
    ASSERT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    ASSERT_EQ(error_of(mayfly_mkdir("/d/sub", 0755)), 0);
    std::multiset<std::string> expected = {"./", "../", "sub/"};
    for (int i = 0; i < 50; ++i) {
      const std::string name = "file " + std::to_string(i);
      ASSERT_TRUE(make_file(("/d/" + name).c_str(), ""));
      expected.insert(name);
    }
    mayfly_dir* directory = mayfly_opendir("/d");
    ASSERT_NE(directory, nullptr);
    EXPECT_STREQ(mayfly_readdir(directory)->d_name, ".");
    EXPECT_STREQ(mayfly_readdir(directory)->d_name, "..");
    EXPECT_NE(mayfly_readdir(directory), nullptr);
    mayfly_rewinddir(directory);
    EXPECT_EQ(rest_of(directory), expected);
    EXPECT_EQ(mayfly_readdir(directory), nullptr) << "the end stays the end";
    EXPECT_EQ(error_of(mayfly_closedir(directory)), 0);
    EXPECT_EQ(error_of(mayfly_opendir("/none")), ENOENT);
  });
}

TEST_F(CApiTest, AListingGivesTheInodeNumbersThatStatGives) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    mayfly_dir* root = mayfly_opendir("/");
    ASSERT_NE(root, nullptr);
    EXPECT_EQ(mayfly_readdir(root)->d_ino, stat_of_path("/").st_ino);
    mayfly_readdir(root);
    EXPECT_EQ(mayfly_readdir(root)->d_ino, stat_of_path("/f").st_ino);
    EXPECT_EQ(error_of(mayfly_closedir(root)), 0);
  });
}

TEST_F(CApiTest, ChmodChangesThePermissionsAndNotTheType) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(error_of(mayfly_chmod("/f", S_IFDIR | 04751)), 0);
    EXPECT_EQ(stat_of_path("/f").st_mode, S_IFREG | 04751U);
    EXPECT_EQ(error_of(mayfly_chmod("/none", 0600)), ENOENT);
  });
}

TEST_F(CApiTest, TimesAreSetToTheNanosecond) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const timespec times[2] = {{1'000'000'000, 1}, {2'000'000'000, 999'999'999}};
    EXPECT_EQ(error_of(mayfly_utimens("/f", times)), 0);
    const struct stat status = stat_of_path("/f");
    EXPECT_EQ(status.st_atim.tv_sec, 1'000'000'000);
    EXPECT_EQ(status.st_atim.tv_nsec, 1);
    EXPECT_EQ(status.st_mtim.tv_sec, 2'000'000'000);
    EXPECT_EQ(status.st_mtim.tv_nsec, 999'999'999);
    EXPECT_EQ(error_of(mayfly_utimens("/none", times)), ENOENT);
  });
}

TEST_F(CApiTest, ATimeMayBeNowOrBeLeftAlone) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const timespec old[2] = {{1, 0}, {2, 0}};
    ASSERT_EQ(error_of(mayfly_utimens("/f", old)), 0);
    const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    const time_t before = ::time(nullptr);
    EXPECT_EQ(error_of(mayfly_utimens("/f", times)), 0);
    EXPECT_EQ(stat_of_path("/f").st_atim.tv_sec, 1);
    EXPECT_GE(stat_of_path("/f").st_mtim.tv_sec, before);
    EXPECT_EQ(error_of(mayfly_utimens("/f", nullptr)), 0);
    EXPECT_GE(stat_of_path("/f").st_atim.tv_sec, before);
  });
}

TEST_F(CApiTest, ANanosecondCountOutOfRangeIsEinvalAndChangesNothing) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const struct stat before = stat_of_path("/f");
    for (const long bad : {-1L, 1'000'000'000L}) {
      const timespec first[2] = {{1, bad}, {2, 0}};
      const timespec second[2] = {{1, 0}, {2, bad}};
      EXPECT_EQ(error_of(mayfly_utimens("/f", first)), EINVAL);
      EXPECT_EQ(error_of(mayfly_utimens("/f", second)), EINVAL);
    }
    EXPECT_EQ(stat_of_path("/f").st_atim.tv_sec, before.st_atim.tv_sec);
    EXPECT_EQ(stat_of_path("/f").st_mtim.tv_sec, before.st_mtim.tv_sec);
  });
}

TEST_F(CApiTest, NanosecondsCountForwardBefore1970Too) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const timespec times[2] = {{-1, 250'000'000}, {-86400, 0}};
    EXPECT_EQ(error_of(mayfly_utimens("/f", times)), 0);
    const struct stat status = stat_of_path("/f");
    EXPECT_EQ(status.st_atim.tv_sec, -1);
    EXPECT_EQ(status.st_atim.tv_nsec, 250'000'000);
    EXPECT_EQ(status.st_mtim.tv_sec, -86400);
    EXPECT_EQ(status.st_mtim.tv_nsec, 0);
  });
}

TEST_F(CApiTest, ATimeTooFarAwayBecomesTheFarthestThatCanBeKept) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    constexpr time_t kForever = std::numeric_limits<time_t>::max();
    const timespec times[2] = {{-kForever, 0}, {kForever, 999'999'999}};
    EXPECT_EQ(error_of(mayfly_utimens("/f", times)), 0);
    constexpr time_t kFarthest = 292 * 365 * time_t{86400};
    EXPECT_LT(stat_of_path("/f").st_atim.tv_sec, -kFarthest);
    EXPECT_GT(stat_of_path("/f").st_mtim.tv_sec, kFarthest);
  });
}

TEST_F(CApiTest, ManyFilesAreRemovedTogetherAndEachThatIsNotIsNamed) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/many", 0755), 0);
    std::vector<std::string> paths;
    for (int i = 0; i < 1000; ++i) {
      paths.push_back("/many/" + std::to_string(i));
      ASSERT_TRUE(make_file(paths.back().c_str(), "x"));
    }
    paths[500] = "/many/nothing";
    paths[700] = "/many";
    std::vector<const char*> all;
    for (const std::string& path : paths) all.push_back(path.c_str());
    std::vector<int> errors(all.size(), -1);
    EXPECT_EQ(mayfly_unlink_all(all.data(), errors.data(), all.size()), -1);
    for (std::size_t i = 0; i < errors.size(); ++i) {
      ASSERT_EQ(errors[i], i == 500 ? ENOENT : i == 700 ? EISDIR : 0) << i;
    }
    EXPECT_EQ(error_of(mayfly_rmdir("/many")), ENOTEMPTY);
    const char* const rest[] = {"/many/500", "/many/700"};
    EXPECT_EQ(error_of(mayfly_unlink_all(rest, nullptr, 2)), 0);
    EXPECT_EQ(error_of(mayfly_rmdir("/many")), 0);
    EXPECT_EQ(error_of(mayfly_unlink_all(nullptr, nullptr, 0)), 0);
    EXPECT_EQ(error_of(mayfly_unlink_all(nullptr, nullptr, 1)), EFAULT);
    const char* const null[] = {nullptr};
    EXPECT_EQ(error_of(mayfly_unlink_all(null, nullptr, 1)), EFAULT);
  });
}

}  // namespace
}  // namespace mayfly
