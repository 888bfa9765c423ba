// The C interface, by processes of their own: owners, permissions, and sizes by path.
#include <linux/falloc.h>

#include "c_api_fixture.h"

namespace mayfly {
namespace {

constexpr uid_t kNobody = 65534;

TEST_F(CApiTest, AttributesAreChangedThroughADescriptorAsThroughAPath) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDONLY | O_CREAT, 0644);
    const timespec times[2] = {{5, 6}, {7, 8}};
    EXPECT_EQ(error_of(mayfly_fchmod(fd, 0600)), 0);
    EXPECT_EQ(error_of(mayfly_futimens(fd, times)), 0);
    const struct stat status = stat_of_path("/f");
    EXPECT_EQ(status.st_mode, S_IFREG | 0600U);
    EXPECT_EQ(status.st_atim.tv_nsec, 6);
    EXPECT_EQ(status.st_mtim.tv_sec, 7);
    const timespec nonsense[2] = {{0, -1}, {0, 0}};
    EXPECT_EQ(error_of(mayfly_futimens(fd, nonsense)), EINVAL);
    EXPECT_EQ(error_of(mayfly_fchmod(99, 0600)), EBADF);
    EXPECT_EQ(error_of(mayfly_fchown(99, 0, 0)), EBADF);
    EXPECT_EQ(error_of(mayfly_futimens(99, nullptr)), EBADF);
  });
}

TEST_F(CApiTest, AnOwnerOfMinusOneStays) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(error_of(mayfly_chown("/f", kNobody, static_cast<gid_t>(-1))), 0);
    EXPECT_EQ(stat_of_path("/f").st_uid, kNobody);
    EXPECT_EQ(stat_of_path("/f").st_gid, ::getegid());
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(error_of(mayfly_fchown(fd, static_cast<uid_t>(-1), 7)), 0);
    EXPECT_EQ(stat_of_path("/f").st_uid, kNobody);
    EXPECT_EQ(stat_of_path("/f").st_gid, 7U);
    EXPECT_EQ(error_of(mayfly_chown("/none", 0, 0)), ENOENT);
    EXPECT_EQ(error_of(mayfly_chown(nullptr, 0, 0)), EFAULT);
  });
}

TEST_F(CApiTest, AProgramGivenAwayLosesTheRightsOfItsOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(error_of(mayfly_chmod("/f", 06755)), 0);
    EXPECT_EQ(error_of(mayfly_chown("/f", kNobody, kNobody)), 0);
    EXPECT_EQ(stat_of_path("/f").st_mode, S_IFREG | 0755U);
  });
}

TEST_F(CApiTest, BlocksAreThoseOfThePagesThatWereWrittenOrTaken) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    const auto blocks = [] { return stat_of_path("/f").st_blocks; };
    ASSERT_EQ(mayfly_pwrite(fd, "x", 1, 0), 1);
    EXPECT_EQ(blocks(), 8);
    ASSERT_EQ(mayfly_pwrite(fd, "x", 1, off_t{1} << 40), 1);
    EXPECT_EQ(stat_of_path("/f").st_size, (off_t{1} << 40) + 1);
    EXPECT_EQ(blocks(), 16);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, 0, 0, 3 << 20)), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(blocks(), (3 << 20) / 512 + 8);
    const int again = mayfly_open("/f", O_RDWR, 0);
    const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    EXPECT_EQ(error_of(mayfly_fallocate(again, punch, 100, 2 << 20)), 0);
    EXPECT_EQ(blocks(), (1 << 20) / 512 + 16);
    EXPECT_EQ(error_of(mayfly_close(again)), 0);
    EXPECT_EQ(blocks(), (1 << 20) / 512 + 16);
    EXPECT_EQ(error_of(mayfly_truncate("/f", 1)), 0);
    EXPECT_EQ(blocks(), 8);
    EXPECT_EQ(error_of(mayfly_truncate("/f", 0)), 0);
    EXPECT_EQ(blocks(), 0);
  });
}

TEST_F(CApiTest, AWriteShowsInMtimeWhileTheFileIsOpen) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    const timespec old[2] = {{1, 0}, {2, 0}};
    ASSERT_EQ(mayfly_pwrite(fd, "x", 1, 0), 1);
    ASSERT_EQ(mayfly_utimens("/f", old), 0);
    EXPECT_EQ(stat_of_path("/f").st_mtim.tv_sec, 2);
    ASSERT_EQ(mayfly_pwrite(fd, "x", 1, 0), 1);
    EXPECT_GT(stat_of_path("/f").st_mtim.tv_sec, 2);
    ASSERT_EQ(mayfly_utimens("/f", old), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(stat_of_path("/f").st_mtim.tv_sec, 2);
  });
}

TEST_F(CApiTest, CuttingAnEmptyFileByOpenShowsInMtime) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const timespec old[2] = {{1, 0}, {2, 0}};
    ASSERT_EQ(mayfly_utimens("/f", old), 0);
    EXPECT_EQ(error_of(mayfly_close(mayfly_open("/f", O_WRONLY | O_TRUNC, 0))), 0);
    EXPECT_GT(stat_of_path("/f").st_mtim.tv_sec, 2);
  });
}

TEST_F(CApiTest, ADirectoryThatIsOpenOutlivesItsRemoval) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    const int fd = mayfly_open("/d", O_RDONLY | O_DIRECTORY, 0);
    ASSERT_EQ(mayfly_rmdir("/d"), 0);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_fstat(fd, &status)), 0);
    EXPECT_EQ(status.st_nlink, 0U);
    EXPECT_EQ(error_of(mayfly_fchmod(fd, 0700)), 0);
    EXPECT_EQ(error_of(mayfly_openat(fd, "f", O_RDWR | O_CREAT, 0644)), ENOENT);
    EXPECT_EQ(error_of(mayfly_mkdirat(fd, "d", 0755)), ENOENT);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, WhatIsWrongWithTheTimesCountsOnlyIfTheFileIsThere) {
  in_member([] {
    const timespec wrong[2] = {{0, -1}, {0, 0}};
    EXPECT_EQ(error_of(mayfly_utimens("/none", wrong)), ENOENT);
    EXPECT_EQ(error_of(mayfly_futimens(-1, wrong)), EBADF);
    EXPECT_EQ(error_of(mayfly_utimens("/", wrong)), EINVAL);
    const timespec left_alone[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    EXPECT_EQ(error_of(mayfly_utimens("/none", left_alone)), 0);
  });
}

TEST_F(CApiTest, AReadShowsInAtimeOnceAfterEachChange) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    const timespec old[2] = {{1, 0}, {2, 0}};
    ASSERT_EQ(mayfly_utimens("/f", old), 0);
    const auto read = [](int fd) { EXPECT_EQ(bytes_of_file(fd), "bytes"); };
    const auto atime = [] { return stat_of_path("/f").st_atim.tv_sec; };
    const int fd = mayfly_open("/f", O_RDWR, 0);
    EXPECT_EQ(atime(), 1);
    read(fd);
    const struct stat once = stat_of_path("/f");
    EXPECT_GT(once.st_atim.tv_sec, 2);
    EXPECT_EQ(once.st_mtim.tv_sec, 2);
    read(fd);
    EXPECT_EQ(stat_of_path("/f").st_atim.tv_nsec, once.st_atim.tv_nsec);
    ASSERT_EQ(mayfly_pwrite(fd, "bytes", 5, 0), 5);
    read(fd);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    const struct stat closed = stat_of_path("/f");
    EXPECT_NE(closed.st_atim.tv_nsec, once.st_atim.tv_nsec);
    EXPECT_GE(closed.st_atim.tv_sec, closed.st_mtim.tv_sec);
  });
}

TEST_F(CApiTest, ReadingADirectoryShowsInItsAtime) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    const timespec old[2] = {{1, 0}, {2, 0}};
    ASSERT_EQ(mayfly_utimens("/d", old), 0);
    mayfly_dir* const directory = mayfly_opendir("/d");
    EXPECT_EQ(stat_of_path("/d").st_atim.tv_sec, 1);
    while (mayfly_readdir(directory) != nullptr) continue;
    EXPECT_EQ(error_of(mayfly_closedir(directory)), 0);
    EXPECT_GT(stat_of_path("/d").st_atim.tv_sec, 2);
  });
}

TEST_F(CApiTest, AccessTellsWhatTheModeGrants) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(error_of(mayfly_access("/f", F_OK)), 0);
    EXPECT_EQ(error_of(mayfly_access("/f", R_OK | W_OK)), 0);
    EXPECT_EQ(error_of(mayfly_access("/f", X_OK)), EACCES);
    EXPECT_EQ(error_of(mayfly_access("/none", F_OK)), ENOENT);
    EXPECT_EQ(error_of(mayfly_access("/f/below", F_OK)), ENOTDIR);
    EXPECT_EQ(error_of(mayfly_access("/f", 8)), EINVAL);
    EXPECT_EQ(error_of(mayfly_access(nullptr, F_OK)), EFAULT);
  });
}

TEST_F(CApiTest, AFileIsCutByItsPathForThoseWhoHaveItOpenToo) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(error_of(mayfly_truncate("/f", 2)), 0);
    EXPECT_EQ(bytes_of_file(fd), "by");
    EXPECT_EQ(error_of(mayfly_truncate("/f", 3000000)), 0);
    EXPECT_EQ(stat_of_path("/f").st_size, 3000000);
    EXPECT_EQ(error_of(mayfly_truncate("/f", -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_truncate("/", 0)), EISDIR);
    EXPECT_EQ(error_of(mayfly_truncate("/none", 0)), ENOENT);
    EXPECT_EQ(error_of(mayfly_truncate(nullptr, 0)), EFAULT);
  });
}

}  // namespace
}  // namespace mayfly
