// The C interface, by processes of their own: a descriptor's position, and O_APPEND.
#include "c_api_fixture.h"

namespace mayfly {
namespace {

TEST_F(CApiTest, ReadAndWriteGoOnWhereTheLastOneEnded) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(mayfly_write(fd, "one", 3), 3);
    EXPECT_EQ(mayfly_write(fd, "two", 3), 3);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_CUR), 6);
    EXPECT_EQ(mayfly_lseek(fd, 1, SEEK_SET), 1);
    char bytes[8] = {};
    EXPECT_EQ(mayfly_read(fd, bytes, 4), 4);
    EXPECT_STREQ(bytes, "netw");
    EXPECT_EQ(mayfly_read(fd, bytes, 4), 1);
    EXPECT_EQ(mayfly_read(fd, bytes, 4), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, PreadAndPwriteLeaveThePositionAlone) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(mayfly_pwrite(fd, "bytes", 5, 0), 5);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_CUR), 0);
    char byte = 0;
    EXPECT_EQ(mayfly_pread(fd, &byte, 1, 3), 1);
    EXPECT_EQ(mayfly_read(fd, &byte, 1), 1);
    EXPECT_EQ(byte, 'b');
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, EachDescriptorHasItsOwnPosition) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    const int first = mayfly_open("/f", O_RDONLY, 0);
    const int second = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(mayfly_lseek(first, 4, SEEK_SET), 4);
    EXPECT_EQ(mayfly_lseek(second, 0, SEEK_CUR), 0);
  });
}

TEST_F(CApiTest, SeekingCountsFromTheEndThatOthersHaveMade) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    const int writer = mayfly_open("/f", O_WRONLY, 0);
    EXPECT_EQ(mayfly_pwrite(writer, "bytes", 5, 2000000), 5);
    EXPECT_EQ(mayfly_lseek(fd, -3, SEEK_END), 2000002);
    char bytes[4] = {};
    EXPECT_EQ(mayfly_read(fd, bytes, 3), 3);
    EXPECT_STREQ(bytes, "tes");
    // Past the end: the next write leaves a hole.
    EXPECT_EQ(mayfly_lseek(fd, 10, SEEK_END), 2000015);
    EXPECT_EQ(mayfly_write(fd, "x", 1), 1);
    EXPECT_EQ(stat_of_path("/f").st_size, 2000016);
  });
}

TEST_F(CApiTest, APositionThatCannotBeIsRefusedAndChangesNothing) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    constexpr off_t kLargest = std::numeric_limits<off_t>::max();
    EXPECT_EQ(mayfly_lseek(fd, 7, SEEK_SET), 7);
    EXPECT_EQ(error_of(mayfly_lseek(fd, -1, SEEK_SET)), EINVAL);
    EXPECT_EQ(error_of(mayfly_lseek(fd, -8, SEEK_CUR)), EINVAL);
    EXPECT_EQ(error_of(mayfly_lseek(fd, -1, SEEK_END)), EINVAL);
    EXPECT_EQ(error_of(mayfly_lseek(fd, kLargest, SEEK_CUR)), EOVERFLOW);
    EXPECT_EQ(error_of(mayfly_lseek(fd, 0, 99)), EINVAL);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_CUR), 7);
    EXPECT_EQ(mayfly_lseek(fd, kLargest, SEEK_SET), kLargest);
    EXPECT_EQ(error_of(mayfly_write(fd, "x", 1)), EFBIG);
  });
}

TEST_F(CApiTest, DataAndHolesAreFoundInASparseFile) {
  in_member([] {
    constexpr off_t kMega = 1 << 20;
    constexpr off_t kTera = off_t{1} << 40;
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    const std::string chunks(2 * kMega, 'x');
    EXPECT_EQ(mayfly_pwrite(fd, "bytes", 5, 0), 5);
    EXPECT_EQ(mayfly_pwrite(fd, chunks.data(), chunks.size(), 3 * kMega), 2 * kMega);
    EXPECT_EQ(mayfly_pwrite(fd, "x", 1, kTera), 1);
    EXPECT_EQ(error_of(mayfly_ftruncate(fd, kTera + 10 * kMega)), 0);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_DATA), 0);
    EXPECT_EQ(mayfly_lseek(fd, 3, SEEK_DATA), 3);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_HOLE), 5);
    EXPECT_EQ(mayfly_lseek(fd, 5, SEEK_DATA), 3 * kMega);
    EXPECT_EQ(mayfly_lseek(fd, 2 * kMega + 7, SEEK_HOLE), 2 * kMega + 7);
    EXPECT_EQ(mayfly_lseek(fd, 3 * kMega, SEEK_HOLE), 5 * kMega);
    EXPECT_EQ(mayfly_lseek(fd, 4 * kMega + 1, SEEK_HOLE), 5 * kMega);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_CUR), 5 * kMega);
    EXPECT_EQ(mayfly_lseek(fd, 5 * kMega, SEEK_DATA), kTera);
    EXPECT_EQ(mayfly_lseek(fd, kTera, SEEK_HOLE), kTera + 1);
    // Behind the last data there is a hole, and behind the end there is nothing.
    EXPECT_EQ(error_of(mayfly_lseek(fd, kTera + 1, SEEK_DATA)), ENXIO);
    EXPECT_EQ(mayfly_lseek(fd, kTera + 9 * kMega, SEEK_HOLE), kTera + 9 * kMega);
    EXPECT_EQ(error_of(mayfly_lseek(fd, kTera + 10 * kMega, SEEK_HOLE)), ENXIO);
    EXPECT_EQ(error_of(mayfly_lseek(fd, -1, SEEK_DATA)), ENXIO);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, TheHoleOfAFullFileIsItsEnd) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", std::string(3 << 20, 'x')));
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_HOLE), 3 << 20);
    EXPECT_EQ(mayfly_lseek(fd, (3 << 20) - 1, SEEK_DATA), (3 << 20) - 1);
    EXPECT_EQ(error_of(mayfly_lseek(fd, 3 << 20, SEEK_DATA)), ENXIO);
    const int empty = mayfly_open("/empty", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(error_of(mayfly_lseek(empty, 0, SEEK_DATA)), ENXIO);
    EXPECT_EQ(error_of(mayfly_lseek(empty, 0, SEEK_HOLE)), ENXIO);
  });
}

TEST_F(CApiTest, ReadAndWriteHeedTheAccessMode) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    char byte = 0;
    const int reader = mayfly_open("/f", O_RDONLY | O_APPEND, 0);
    EXPECT_EQ(error_of(mayfly_write(reader, "x", 1)), EBADF);
    const int writer = mayfly_open("/f", O_WRONLY | O_APPEND, 0);
    EXPECT_EQ(error_of(mayfly_read(writer, &byte, 1)), EBADF);
    EXPECT_EQ(error_of(mayfly_read(reader, nullptr, 1)), EFAULT);
    EXPECT_EQ(error_of(mayfly_write(writer, nullptr, 1)), EFAULT);
    EXPECT_EQ(mayfly_write(writer, nullptr, 0), 0);
  });
}

TEST_F(CApiTest, AnAppendingDescriptorWritesBehindTheEndWhateverItsPosition) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "one"));
    const int fd = mayfly_open("/f", O_RDWR | O_APPEND, 0);
    EXPECT_EQ(mayfly_write(fd, "two", 3), 3);
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_CUR), 6);
    EXPECT_EQ(mayfly_lseek(fd, 1, SEEK_SET), 1);
    EXPECT_EQ(mayfly_write(fd, "three", 5), 5);
    EXPECT_EQ(mayfly_pwrite(fd, "four", 4, 0), 4);
    EXPECT_EQ(bytes_of_file(fd), "onetwothreefour");
    EXPECT_EQ(error_of(mayfly_ftruncate(fd, 3)), 0);
    EXPECT_EQ(mayfly_write(fd, "!", 1), 1);
    EXPECT_EQ(bytes_of_file(fd), "one!");
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, WhatManyProcessesAppendIsAllThereLineByLine) {
  constexpr int kProcesses = 3;
  constexpr int kLines = 200;
  std::vector<pid_t> processes;
  for (int process = 0; process < kProcesses; ++process) {
    processes.push_back(ProcessCluster::start_process([&] {
      if (join() != 0) return false;
      const int fd = mayfly_open("/log", O_WRONLY | O_CREAT | O_APPEND, 0644);
      bool well = fd >= 0;
      for (int line = 0; line < kLines && well; ++line) {
        const std::string text = std::to_string(process) + " " + std::to_string(line) + "\n";
        const auto length = static_cast<ssize_t>(text.size());
        well = mayfly_write(fd, text.data(), text.size()) == length;
      }
      return mayfly_close(fd) == 0 && mayfly_leave() == 0 && well;
    }));
  }
  for (const pid_t process : processes) EXPECT_TRUE(ProcessCluster::ended_well(process));
  in_member([] {
    std::multiset<std::string> expected;
    for (int process = 0; process < kProcesses; ++process) {
      for (int line = 0; line < kLines; ++line) {
        expected.insert(std::to_string(process) + " " + std::to_string(line));
      }
    }
    std::istringstream text(bytes_of_file(mayfly_open("/log", O_RDONLY, 0)));
    std::multiset<std::string> found;
    for (std::string line; std::getline(text, line);) found.insert(line);
    EXPECT_EQ(found, expected);
  });
}

TEST_F(CApiTest, SpaceIsTakenAndGivenBackAsFallocateSays) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    ASSERT_GE(fd, 0);
    struct statvfs before {};
    struct statvfs after {};
    ASSERT_EQ(mayfly_statfs(&before), 0);
    const auto taken = [&] {
      EXPECT_EQ(mayfly_statfs(&after), 0);
      return (before.f_bfree - after.f_bfree) * before.f_bsize;
    };
    EXPECT_EQ(error_of(mayfly_fallocate(fd, 0, 0, 3 << 20)), 0);
    EXPECT_EQ(stat_of_path("/f").st_size, 3 << 20);
    EXPECT_EQ(taken(), 3U << 20);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 << 20, 1 << 20)), 0);
    EXPECT_EQ(stat_of_path("/f").st_size, 3 << 20);
    EXPECT_EQ(taken(), 4U << 20);
    EXPECT_EQ(bytes_of_file(fd), std::string(1 << 20, '\0'));
    ASSERT_EQ(mayfly_pwrite(fd, std::string(8192, 'x').data(), 8192, 0), 8192);
    const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    EXPECT_EQ(error_of(mayfly_fallocate(fd, punch, 4000, 8000)), 0);
    EXPECT_EQ(taken(), (4U << 20) - 4096);
    EXPECT_EQ(bytes_of_file(fd).substr(0, 8192), std::string(4000, 'x') + std::string(4192, '\0'));
    EXPECT_EQ(mayfly_lseek(fd, 0, SEEK_HOLE), 4096);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 5 << 20)), 0);
    EXPECT_EQ(stat_of_path("/f").st_size, 5 << 20);
    EXPECT_EQ(bytes_of_file(fd), std::string(1 << 20, '\0'));
    EXPECT_EQ(error_of(mayfly_ftruncate(fd, 0)), 0);
    EXPECT_EQ(taken(), 0U);

    EXPECT_EQ(error_of(mayfly_fallocate(fd, 0, 0, 0)), EINVAL);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, 0, -1, 1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, 0, INT64_MAX, 1)), EFBIG);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1)), EOPNOTSUPP);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096)), EOPNOTSUPP);
    EXPECT_EQ(error_of(mayfly_fallocate(fd, 0, 0, off_t{1} << 50)), ENOSPC);
    EXPECT_EQ(stat_of_path("/f").st_size, 0);
    EXPECT_EQ(error_of(mayfly_fdatasync(fd)), 0);
    EXPECT_EQ(error_of(mayfly_sync()), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    const int reader = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(error_of(mayfly_fallocate(reader, 0, 0, 1)), EBADF);
    EXPECT_EQ(error_of(mayfly_close(reader)), 0);
  });
}

}  // namespace
}  // namespace mayfly
