// Locks through the C interface: which bytes a struct flock means, and what is refused.
#include <fcntl.h>
#include <sys/file.h>

#include "support/notice.h"
#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

struct flock range_of(int type, int whence, off_t start, off_t length) {
  struct flock range {};
  range.l_type = static_cast<short>(type);
  range.l_whence = static_cast<short>(whence);
  range.l_start = start;
  range.l_len = length;
  return range;
}

int lock(int fd, int command, struct flock range) {
  return error_of(mayfly_fcntl_lock(fd, command, &range));
}

/// What of the file `fd` may not lock for itself, as "begin+length".
std::string locked_from(int fd) {
  struct flock range = range_of(F_WRLCK, SEEK_SET, 0, 0);
  EXPECT_EQ(error_of(mayfly_fcntl_lock(fd, F_OFD_GETLK, &range)), 0);
  if (range.l_type == F_UNLCK) return "nothing";
  return std::to_string(range.l_start) + "+" + std::to_string(range.l_len);
}

TEST_F(CApiTest, ARangeIsCountedFromWhereItSaysAndMayRunBackwards) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", std::string(100, 'x')));
    const int fd = mayfly_open("/f", O_RDWR, 0);
    const int other = mayfly_open("/f", O_RDWR, 0);
    const std::pair<struct flock, const char*> ranges[] = {
        {range_of(F_WRLCK, SEEK_SET, 10, 5), "10+5"},  {range_of(F_WRLCK, SEEK_SET, 10, 0), "10+0"},
        {range_of(F_RDLCK, SEEK_END, -10, 5), "90+5"}, {range_of(F_RDLCK, SEEK_CUR, 2, 1), "42+1"},
        {range_of(F_WRLCK, SEEK_SET, 10, -3), "7+3"},
    };
    ASSERT_EQ(mayfly_lseek(fd, 40, SEEK_SET), 40);
    for (const auto& [range, expected] : ranges) {
      EXPECT_EQ(lock(fd, F_SETLK, range), 0);
      EXPECT_EQ(locked_from(other), expected);
      EXPECT_EQ(lock(fd, F_SETLK, range_of(F_UNLCK, SEEK_SET, 0, 0)), 0);
      EXPECT_EQ(locked_from(other), "nothing");
    }
    EXPECT_EQ(lock(fd, F_SETLK, range_of(F_WRLCK, SEEK_SET, -1, 5)), EINVAL);
    EXPECT_EQ(lock(fd, F_SETLK, range_of(F_WRLCK, SEEK_SET, 3, -5)), EINVAL);
    EXPECT_EQ(lock(fd, F_SETLK, range_of(F_WRLCK, 7, 3, 5)), EINVAL);
    EXPECT_EQ(lock(fd, F_SETLK, range_of(9, SEEK_SET, 3, 5)), EINVAL);
    EXPECT_EQ(lock(fd, F_DUPFD, range_of(F_WRLCK, SEEK_SET, 3, 5)), EINVAL);
    EXPECT_EQ(lock(-1, F_SETLK, range_of(F_WRLCK, SEEK_SET, 3, 5)), EBADF);
    EXPECT_EQ(error_of(mayfly_fcntl_lock(fd, F_SETLK, nullptr)), EFAULT);
    EXPECT_EQ(lock(fd, F_SETLK, range_of(F_WRLCK, SEEK_SET, 2, INT64_MAX)), EOVERFLOW);
    EXPECT_EQ(lock(fd, F_SETLK, range_of(F_WRLCK, SEEK_SET, 1, INT64_MAX)), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(error_of(mayfly_close(other)), 0);
  });
}

TEST_F(CApiTest, FlockIsTheHandlesOwnAndSeesNoRanges) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    const int other = mayfly_open("/f", O_RDWR, 0);
    EXPECT_EQ(error_of(mayfly_flock(fd, LOCK_EX)), 0);
    EXPECT_EQ(error_of(mayfly_flock(other, LOCK_SH | LOCK_NB)), EAGAIN);
    EXPECT_EQ(lock(other, F_OFD_SETLK, range_of(F_WRLCK, SEEK_SET, 0, 0)), 0);
    EXPECT_EQ(error_of(mayfly_flock(fd, LOCK_UN)), 0);
    EXPECT_EQ(error_of(mayfly_flock(other, LOCK_SH | LOCK_NB)), 0);
    EXPECT_EQ(error_of(mayfly_flock(other, 0)), EINVAL);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(error_of(mayfly_close(other)), 0);
  });
}

TEST_F(CApiTest, AProcessThatEndsLeavesItsLockToTheOneThatWaits) {
  in_member([] { ASSERT_TRUE(make_file("/f", "")); });
  Notice locked;
  const pid_t holder = ProcessCluster::start_process([&] {
    if (join() != 0) return false;
    const int fd = mayfly_open("/f", O_RDWR, 0);
    if (lock(fd, F_SETLK, range_of(F_WRLCK, SEEK_SET, 0, 0)) != 0) return false;
    locked.post();
    ::usleep(300'000);
    ::_exit(0);
  });
  in_member([&] {
    ASSERT_TRUE(locked.wait());
    const int fd = mayfly_open("/f", O_RDWR, 0);
    struct flock range = range_of(F_RDLCK, SEEK_SET, 0, 0);
    EXPECT_EQ(error_of(mayfly_fcntl_lock(fd, F_GETLK, &range)), 0);
    EXPECT_EQ(range.l_pid, holder);
    EXPECT_EQ(lock(fd, F_SETLK, range_of(F_RDLCK, SEEK_SET, 0, 0)), EAGAIN);
    EXPECT_EQ(lock(fd, F_SETLKW, range_of(F_RDLCK, SEEK_SET, 0, 0)), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
  EXPECT_TRUE(ProcessCluster::ended_well(holder));
}

}  // namespace
}  // namespace mayfly
