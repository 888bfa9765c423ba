// The C interface over real servers: what each function gives, and its errno.
#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

constexpr int kNoSuchFd = 999;

TEST_F(CApiTest, VersionIsThreeNumbers) {
  EXPECT_THAT(mayfly_version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST_F(CApiTest, BeforeJoinEverythingIsEnotconn) {
  in_process([] {
    char byte = 0;
    struct stat status {};
    struct statvfs usage {};
    EXPECT_EQ(error_of(mayfly_leave()), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_shut_down()), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_open("/f", O_RDONLY, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_close(0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_pread(0, &byte, 1, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_pwrite(0, &byte, 1, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_read(0, &byte, 1)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_write(0, &byte, 1)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_lseek(0, 0, SEEK_SET)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_start_pread(0, &byte, 1, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_start_pwrite(0, &byte, 1, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_fstat(0, &status)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_ftruncate(0, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_fchmod(0, 0600)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_access("/", F_OK)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_truncate("/f", 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_chown("/f", 0, 0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_fsync(0)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_stat("/", &status)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_mkdir("/d", 0755)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_rmdir("/d")), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_unlink("/f")), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_chmod("/f", 0600)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_utimens("/f", nullptr)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_statfs(&usage)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_opendir("/")), ENOTCONN);
  });
}

TEST_F(CApiTest, ASecondJoinIsEalready) {
  in_member([this] { EXPECT_EQ(error_of(join()), EALREADY); });
}

TEST_F(CApiTest, WhatIsNoSessionIsEbadmsg) {
  in_process([] {
    EXPECT_EQ(error_of(mayfly_join("no session", 10)), EBADMSG);
    EXPECT_EQ(error_of(mayfly_join("", 0)), EBADMSG);
    EXPECT_EQ(error_of(mayfly_leave()), ENOTCONN);
  });
}

TEST_F(CApiTest, AfterLeavingAProcessMayJoinAgain) {
  in_process([this] {
    ASSERT_EQ(error_of(join()), 0);
    EXPECT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
    EXPECT_EQ(error_of(mayfly_mkdir("/e", 0755)), ENOTCONN);
    EXPECT_EQ(error_of(mayfly_leave()), ENOTCONN);
    ASSERT_EQ(error_of(join()), 0);
    EXPECT_EQ(error_of(mayfly_rmdir("/d")), 0);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
  });
}

TEST_F(CApiTest, LeavingClosesTheFilesLeftOpen) {
  in_process([this] {
    ASSERT_EQ(error_of(join()), 0);
    const int fd = mayfly_open("/f", O_WRONLY | O_CREAT, 0644);
    EXPECT_EQ(mayfly_pwrite(fd, "left open", 9, 0), 9);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), ENOTCONN);
    ASSERT_EQ(error_of(join()), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), EBADF);
    EXPECT_EQ(stat_of_path("/f").st_size, 9);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
  });
}

TEST_F(CApiTest, AForkedChildIsNotConnectedAndItsExitLeavesItsParentAlone) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    ASSERT_EQ(mayfly_pwrite(fd, "before", 6, 0), 6);
    const pid_t asks = ::fork();
    if (asks == 0) ::_exit(error_of(mayfly_mkdir("/child", 0755)) == ENOTCONN ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(asks, &status, 0), asks);
    EXPECT_EQ(status, 0);
    // What exit() runs must not say goodbye in the parent's name. (A leak checker may have its own
    // word on UCX there, so its status says nothing.)
    const pid_t exits = ::fork();
    if (exits == 0) std::exit(0);
    ASSERT_EQ(::waitpid(exits, &status, 0), exits);
    EXPECT_EQ(mayfly_pwrite(fd, "after", 5, 6), 5);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(stat_of_path("/f").st_size, 11);
  });
}

TEST_F(CApiTest, TheDeadlineIsTakenFromTheEnvironment) {
  in_process([this] {
    ::setenv("MAYFLY_DEADLINE", "soon", 1);
    EXPECT_EQ(error_of(join()), EINVAL);
    ::setenv("MAYFLY_DEADLINE", "0", 1);
    EXPECT_EQ(error_of(join()), EINVAL);
    ::setenv("MAYFLY_DEADLINE", "1", 1);
    ASSERT_EQ(error_of(join()), 0);
    EXPECT_EQ(error_of(mayfly_mkdir("/d", 0755)), 0);
    cluster_.kill_server(0, SIGSTOP);
    cluster_.kill_server(1, SIGSTOP);
    const auto begin = std::chrono::steady_clock::now();
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_stat("/d", &status)), EIO);
    // By default it would be half a minute.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    cluster_.kill_server(0, SIGCONT);
    cluster_.kill_server(1, SIGCONT);
  });
}

TEST_F(CApiTest, ShutDownEndsAllServers) {
  in_member([] { EXPECT_EQ(error_of(mayfly_shut_down()), 0); });
  for (std::uint32_t server = 0; server < cluster_.info().server_count(); ++server) {
    siginfo_t end{};
    const auto process = static_cast<id_t>(cluster_.server_process(server));
    ASSERT_EQ(::waitid(P_PID, process, &end, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(end.si_code, CLD_EXITED);
    EXPECT_EQ(end.si_status, 0);
  }
}

TEST_F(CApiTest, ANullPathIsEfault) {
  in_member([] {
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_open(nullptr, O_RDONLY, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_stat(nullptr, &status)), EFAULT);
    EXPECT_EQ(error_of(mayfly_mkdir(nullptr, 0755)), EFAULT);
    EXPECT_EQ(error_of(mayfly_rmdir(nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_unlink(nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_chmod(nullptr, 0600)), EFAULT);
    EXPECT_EQ(error_of(mayfly_utimens(nullptr, nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_opendir(nullptr)), EFAULT);
  });
}

TEST_F(CApiTest, NowhereToReadFromOrPutAResultIsEfault) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(error_of(mayfly_pread(fd, nullptr, 1, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_pwrite(fd, nullptr, 1, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_start_pread(fd, nullptr, 1, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_start_pwrite(fd, nullptr, 1, 0)), EFAULT);
    EXPECT_EQ(error_of(mayfly_fstat(fd, nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_stat("/f", nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_statfs(nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_join(nullptr, 1)), EFAULT);
    EXPECT_EQ(mayfly_pwrite(fd, nullptr, 0, 0), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, ADescriptorThatIsNotOpenIsEbadf) {
  in_member([] {
    const int closed = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    ASSERT_EQ(error_of(mayfly_close(closed)), 0);
    char byte = 0;
    struct stat status {};
    for (const int fd : {-1, closed, kNoSuchFd}) {
      EXPECT_EQ(error_of(mayfly_close(fd)), EBADF);
      EXPECT_EQ(error_of(mayfly_pread(fd, &byte, 1, 0)), EBADF);
      EXPECT_EQ(error_of(mayfly_pwrite(fd, &byte, 1, 0)), EBADF);
      EXPECT_EQ(error_of(mayfly_read(fd, &byte, 1)), EBADF);
      EXPECT_EQ(error_of(mayfly_write(fd, &byte, 1)), EBADF);
      EXPECT_EQ(error_of(mayfly_lseek(fd, 0, SEEK_SET)), EBADF);
      EXPECT_EQ(error_of(mayfly_start_pread(fd, &byte, 1, 0)), EBADF);
      EXPECT_EQ(error_of(mayfly_start_pwrite(fd, &byte, 1, 0)), EBADF);
      EXPECT_EQ(error_of(mayfly_fstat(fd, &status)), EBADF);
      EXPECT_EQ(error_of(mayfly_ftruncate(fd, 0)), EBADF);
      EXPECT_EQ(error_of(mayfly_fsync(fd)), EBADF);
    }
  });
}

TEST_F(CApiTest, ADescriptorIsTheLowestFree) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(mayfly_open("/f", O_RDONLY, 0), 0);
    EXPECT_EQ(mayfly_open("/f", O_RDONLY, 0), 1);
    EXPECT_EQ(error_of(mayfly_close(0)), 0);
    EXPECT_EQ(mayfly_open("/f", O_RDONLY, 0), 0);
  });
}

TEST_F(CApiTest, ANegativeOffsetIsEinval) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    char byte = 0;
    EXPECT_EQ(error_of(mayfly_pread(fd, &byte, 1, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_pwrite(fd, &byte, 1, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_start_pread(fd, &byte, 1, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_start_pwrite(fd, &byte, 1, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_ftruncate(fd, -1)), EINVAL);
    EXPECT_EQ(error_of(mayfly_wait(nullptr)), EINVAL);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, WhatWasWrittenIsReadWithZerosInTheHoles) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(mayfly_pwrite(fd, "head", 4, 0), 4);
    EXPECT_EQ(mayfly_pwrite(fd, "tail", 4, 6), 4);
    EXPECT_EQ(bytes_of_file(fd), std::string("head\0\0tail", 10));
    char byte = 0;
    EXPECT_EQ(mayfly_pread(fd, &byte, 1, 9), 1);
    EXPECT_EQ(byte, 'l');
    EXPECT_EQ(mayfly_pread(fd, &byte, 1, 10), 0);
    EXPECT_EQ(mayfly_pread(fd, &byte, 0, 0), 0);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, StartedTransfersGiveTheirCountsWhenWaitedFor) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    const std::string first(3 * kMiB, 'a');
    const std::string second(2 * kMiB, 'b');
    mayfly_operation* one = mayfly_start_pwrite(fd, first.data(), first.size(), 0);
    mayfly_operation* two = mayfly_start_pwrite(fd, second.data(), second.size(), 3 * kMiB);
    ASSERT_TRUE(one != nullptr && two != nullptr);
    EXPECT_EQ(mayfly_wait(two), static_cast<ssize_t>(2 * kMiB));
    EXPECT_EQ(mayfly_wait(one), static_cast<ssize_t>(3 * kMiB));
    std::string back(6 * kMiB, '?');
    mayfly_operation* all = mayfly_start_pread(fd, back.data(), back.size(), 0);
    ASSERT_NE(all, nullptr);
    EXPECT_EQ(mayfly_wait(all), static_cast<ssize_t>(5 * kMiB));
    back.resize(5 * kMiB);
    EXPECT_TRUE(back == first + second);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, AStartedTransferThatFailsSaysSoWhenWaitedFor) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    mayfly_operation* write = mayfly_start_pwrite(fd, "x", 1, 0);
    ASSERT_NE(write, nullptr);
    EXPECT_EQ(error_of(mayfly_wait(write)), EBADF);
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, AccessModesAreKept) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    char byte = 0;
    const int reads = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(error_of(mayfly_pwrite(reads, &byte, 1, 0)), EBADF);
    EXPECT_EQ(error_of(mayfly_ftruncate(reads, 0)), EINVAL);
    EXPECT_EQ(bytes_of_file(reads), "bytes");
    const int writes = mayfly_open("/f", O_WRONLY | O_CLOEXEC, 0);
    EXPECT_EQ(error_of(mayfly_pread(writes, &byte, 1, 0)), EBADF);
    EXPECT_EQ(mayfly_pwrite(writes, "B", 1, 0), 1);
    EXPECT_EQ(bytes_of_file(reads), "Bytes");
  });
}

TEST_F(CApiTest, CreateExclusiveAndTruncateDoAsTheirNamesSay) {
  in_member([] {
    EXPECT_EQ(error_of(mayfly_open("/f", O_RDWR, 0)), ENOENT);
    ASSERT_TRUE(make_file("/f", "bytes"));
    EXPECT_EQ(error_of(mayfly_open("/f", O_RDWR | O_CREAT | O_EXCL, 0644)), EEXIST);
    const int kept = mayfly_open("/f", O_RDONLY | O_CREAT, 0644);
    EXPECT_EQ(bytes_of_file(kept), "bytes");
    EXPECT_GE(mayfly_open("/f", O_WRONLY | O_TRUNC, 0), 0);
    EXPECT_EQ(bytes_of_file(kept), "");
  });
}

TEST_F(CApiTest, OpenFlagsThatCannotBeHadAreRefused) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", ""));
    EXPECT_EQ(error_of(mayfly_open("/f", O_ACCMODE, 0)), EINVAL);
    EXPECT_EQ(error_of(mayfly_open("/d", O_RDONLY | O_CREAT | O_DIRECTORY, 0755)), EINVAL);
    EXPECT_EQ(error_of(mayfly_open("/f", O_RDONLY | O_DIRECTORY, 0)), ENOTDIR);
  });
}

TEST_F(CApiTest, AFileIsCutAndGrownWithZeros) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    const int fd = mayfly_open("/f", O_RDWR, 0);
    EXPECT_EQ(error_of(mayfly_ftruncate(fd, 2)), 0);
    EXPECT_EQ(bytes_of_file(fd), "by");
    EXPECT_EQ(error_of(mayfly_ftruncate(fd, 4)), 0);
    EXPECT_EQ(bytes_of_file(fd), std::string("by\0\0", 4));
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
    EXPECT_EQ(stat_of_path("/f").st_size, 4);
  });
}

TEST_F(CApiTest, StatAndFstatTellTheSame) {
  in_member([] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0640);
    EXPECT_EQ(mayfly_pwrite(fd, "bytes", 5, 0), 5);
    struct stat by_fd {};
    EXPECT_EQ(error_of(mayfly_fstat(fd, &by_fd)), 0);
    const struct stat by_path = stat_of_path("/f");
    EXPECT_EQ(by_fd.st_ino, by_path.st_ino);
    EXPECT_EQ(by_fd.st_mode, by_path.st_mode);
    EXPECT_TRUE(S_ISREG(by_path.st_mode));
    for (const struct stat& status : {by_fd, by_path}) {
      EXPECT_EQ(status.st_size, 5) << "also while it is open for writing";
      EXPECT_EQ(status.st_nlink, 1U);
      EXPECT_EQ(status.st_uid, ::geteuid());
      EXPECT_EQ(status.st_gid, ::getegid());
    }
    struct stat missing {};
    EXPECT_EQ(error_of(mayfly_stat("/none", &missing)), ENOENT);
  });
}

TEST_F(CApiTest, CreationHeedsTheUmask) {
  in_process([this] {
    ::umask(027);
    ASSERT_EQ(error_of(join()), 0);
    EXPECT_GE(mayfly_open("/f", O_RDWR | O_CREAT, 0666), 0);
    EXPECT_EQ(error_of(mayfly_mkdir("/d", 0777)), 0);
    EXPECT_EQ(stat_of_path("/f").st_mode, S_IFREG | 0640U);
    EXPECT_EQ(stat_of_path("/d").st_mode, S_IFDIR | 0750U);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
  });
}

TEST_F(CApiTest, FsyncSucceedsWhateverTheDescriptorIsFor) {
  in_member([] {
    const int writes = mayfly_open("/f", O_WRONLY | O_CREAT, 0644);
    EXPECT_EQ(mayfly_pwrite(writes, "bytes", 5, 0), 5);
    EXPECT_EQ(error_of(mayfly_fsync(writes)), 0);
    EXPECT_EQ(error_of(mayfly_fsync(mayfly_open("/f", O_RDONLY, 0))), 0);
    EXPECT_EQ(error_of(mayfly_fsync(mayfly_open("/", O_RDONLY, 0))), 0);
  });
}

TEST_F(CApiTest, AnUnlinkedFileLastsUntilItIsClosed) {
  in_member([] {
    ASSERT_TRUE(make_file("/f", "bytes"));
    const int fd = mayfly_open("/f", O_RDONLY, 0);
    EXPECT_EQ(error_of(mayfly_unlink("/f")), 0);
    EXPECT_EQ(error_of(mayfly_unlink("/f")), ENOENT);
    EXPECT_EQ(error_of(mayfly_open("/f", O_RDONLY, 0)), ENOENT);
    EXPECT_EQ(bytes_of_file(fd), "bytes");
    EXPECT_EQ(error_of(mayfly_close(fd)), 0);
  });
}

TEST_F(CApiTest, StatfsCountsWhatIsWritten) {
  in_member([] {
    struct statvfs before {};
    ASSERT_EQ(error_of(mayfly_statfs(&before)), 0);
    EXPECT_EQ(before.f_bsize, 4096U);
    EXPECT_EQ(before.f_blocks * 4096, 2 * ProcessClusterOptions().capacity_bytes);
    EXPECT_EQ(before.f_bfree, before.f_blocks);
    EXPECT_EQ(before.f_namemax, 255U);
    ASSERT_TRUE(make_file("/f", std::string(2 * kMiB, 'x')));
    struct statvfs after {};
    ASSERT_EQ(error_of(mayfly_statfs(&after)), 0);
    EXPECT_LE(after.f_bavail * 4096, before.f_bavail * 4096 - 2 * kMiB);
  });
}

}  // namespace
}  // namespace mayfly
