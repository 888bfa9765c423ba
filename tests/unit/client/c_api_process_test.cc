// The C interface for what shares a process tree: tickets, forked children, the umask; and the
// servers.
#include "protocol/session_file.h"
#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

mode_t mode_of(const char* path) { return stat_of_path(path).st_mode & 07777; }

/// In a child of this process; its expectations count as the parent's.
template <typename Body>
void in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    std::fflush(stdout);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(CApiTest, ATicketOpensTheSameFileWhateverItsName) {
  in_member([] {
    const int first = mayfly_open("/f", O_RDWR | O_CREAT | O_EXCL | O_TRUNC, 0);
    ASSERT_EQ(mayfly_pwrite(first, "kept", 4, 0), 4);
    mayfly_ticket ticket{};
    ASSERT_EQ(mayfly_get_ticket(first, &ticket), 0);
    ASSERT_EQ(mayfly_rename("/f", "/g"), 0);
    const int second = mayfly_open_ticket(&ticket);
    ASSERT_GE(second, 0);
    EXPECT_EQ(bytes_of_file(second), "kept");
    EXPECT_EQ(mayfly_pwrite(second, "K", 1, 0), 1);
    EXPECT_EQ(mayfly_close(first), 0);
    EXPECT_EQ(bytes_of_file(second), "Kept");
    EXPECT_EQ(mayfly_close(second), 0);
  });
}

TEST_F(CApiTest, ATicketHoldsAFileWithoutANameAsLongAsItIsOpen) {
  in_member([] {
    const int first = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    ASSERT_EQ(mayfly_pwrite(first, "nameless", 8, 0), 8);
    mayfly_ticket ticket{};
    ASSERT_EQ(mayfly_get_ticket(first, &ticket), 0);
    ASSERT_EQ(mayfly_unlink("/f"), 0);
    const int second = mayfly_open_ticket(&ticket);
    ASSERT_GE(second, 0) << errno;
    EXPECT_EQ(mayfly_close(first), 0);
    EXPECT_EQ(bytes_of_file(second), "nameless");
    EXPECT_EQ(mayfly_close(second), 0);
    EXPECT_EQ(error_of(mayfly_open_ticket(&ticket)), ESTALE);
  });
}

TEST_F(CApiTest, ATicketOfADirectoryOpensIt) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    const int first = mayfly_open("/d", O_RDONLY | O_DIRECTORY, 0);
    mayfly_ticket ticket{};
    ASSERT_EQ(mayfly_get_ticket(first, &ticket), 0);
    const int second = mayfly_open_ticket(&ticket);
    EXPECT_EQ(mayfly_mkdirat(second, "e", 0755), 0);
    EXPECT_TRUE(S_ISDIR(stat_of_path("/d/e").st_mode));
    EXPECT_EQ(mayfly_close(first), 0);
    EXPECT_EQ(mayfly_close(second), 0);
  });
}

TEST_F(CApiTest, WhatIsNoTicketIsEstale) {
  in_member([] {
    mayfly_ticket ticket{};
    EXPECT_EQ(error_of(mayfly_open_ticket(&ticket)), ESTALE);
    EXPECT_EQ(error_of(mayfly_open_ticket(nullptr)), EFAULT);
    EXPECT_EQ(error_of(mayfly_get_ticket(99, &ticket)), EBADF);
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(error_of(mayfly_get_ticket(fd, nullptr)), EFAULT);
    ASSERT_EQ(mayfly_get_ticket(fd, &ticket), 0);
    // Whatever is flipped, it is another session's, another server's or no file's.
    for (const std::size_t byte : {0U, 7U, 15U}) {
      mayfly_ticket other = ticket;
      other.bytes[byte] ^= 0x80;
      EXPECT_EQ(error_of(mayfly_open_ticket(&other)), ESTALE) << byte;
    }
    EXPECT_EQ(mayfly_close(fd), 0);
  });
}

TEST_F(CApiTest, ASessionIsJoinedByItsFile) {
  in_process([this] {
    const std::string path = ::testing::TempDir() + "session-" + std::to_string(::getpid());
    ::unsetenv("MAYFLY_SESSION");
    EXPECT_EQ(error_of(mayfly_join_session(nullptr)), ENOENT);
    EXPECT_EQ(error_of(mayfly_join_session(path.c_str())), ENOENT);
    ASSERT_TRUE(write_session_file(path, cluster_.info()));
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    EXPECT_EQ(error_of(mayfly_join_session(path.c_str())), EACCES);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    ::setenv("MAYFLY_SESSION", path.c_str(), 1);
    EXPECT_EQ(error_of(mayfly_join_session(nullptr)), 0);
    EXPECT_EQ(error_of(mayfly_join_session(path.c_str())), EALREADY);
    ::unsetenv("MAYFLY_SESSION");
    EXPECT_EQ(error_of(mayfly_join_session(nullptr)), EALREADY);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
    ::unlink(path.c_str());
  });
}

TEST_F(CApiTest, AppendingIsSwitchedOnAndOff) {
  in_member([] {
    EXPECT_EQ(error_of(mayfly_set_append(99, 1)), EBADF);
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    EXPECT_EQ(mayfly_pwrite(fd, "abcd", 4, 0), 4);
    EXPECT_EQ(mayfly_set_append(fd, 1), 0);
    EXPECT_EQ(mayfly_write(fd, "ef", 2), 2);
    EXPECT_EQ(mayfly_set_append(fd, 0), 0);
    EXPECT_EQ(mayfly_pwrite(fd, "A", 1, 0), 1);
    EXPECT_EQ(bytes_of_file(fd), "Abcdef");
    EXPECT_EQ(mayfly_close(fd), 0);
  });
}

TEST_F(CApiTest, AbsoluteLinksCountFromTheMountPoint) {
  in_member([] {
    ASSERT_EQ(mayfly_mkdir("/d", 0755), 0);
    ASSERT_EQ(mayfly_mkdir("/d/e", 0755), 0);
    ASSERT_EQ(mayfly_symlink("/mnt/d", "/below"), 0);
    ASSERT_EQ(mayfly_symlink("/mnt", "/top"), 0);
    ASSERT_EQ(mayfly_symlink("/mnt2/d", "/beside"), 0);
    ASSERT_EQ(mayfly_symlink("/d", "/old"), 0);
    struct stat status {};
    EXPECT_EQ(error_of(mayfly_stat("/below", &status)), ENOENT);
    EXPECT_EQ(error_of(mayfly_stat("/old/e", &status)), 0);
    EXPECT_EQ(error_of(mayfly_set_mount_point("mnt")), EINVAL);
    EXPECT_EQ(error_of(mayfly_set_mount_point("/")), EINVAL);
    EXPECT_EQ(error_of(mayfly_set_mount_point(nullptr)), EFAULT);
    ASSERT_EQ(mayfly_set_mount_point("/mnt"), 0);
    EXPECT_EQ(error_of(mayfly_stat("/below", &status)), 0);
    EXPECT_EQ(error_of(mayfly_stat("/below/e", &status)), 0);
    EXPECT_EQ(error_of(mayfly_stat("/top/below/e", &status)), 0);
    for (const char* const path : {"/beside", "/beside/e", "/old", "/old/e"}) {
      EXPECT_EQ(error_of(mayfly_stat(path, &status)), EREMOTE) << path;
    }
    EXPECT_EQ(error_of(mayfly_lstat("/beside", &status)), 0);
    EXPECT_EQ(error_of(mayfly_unlink("/beside")), 0);
  });
}

TEST_F(CApiTest, AForkedChildJoinsForItselfAndReadsItsParentsFile) {
  in_member([this] {
    const int fd = mayfly_open("/f", O_RDWR | O_CREAT, 0644);
    ASSERT_EQ(mayfly_pwrite(fd, "from parent", 11, 0), 11);
    mayfly_ticket ticket{};
    ASSERT_EQ(mayfly_get_ticket(fd, &ticket), 0);
    in_child([&] {
      EXPECT_EQ(error_of(mayfly_close(fd)), ENOTCONN);
      ASSERT_EQ(error_of(join()), 0);
      const int mine = mayfly_open_ticket(&ticket);
      EXPECT_EQ(bytes_of_file(mine), "from parent");
      EXPECT_EQ(mayfly_pwrite(mine, "from child!", 11, 0), 11);
      in_child([&] {
        ASSERT_EQ(error_of(join()), 0);
        EXPECT_EQ(bytes_of_file(mayfly_open_ticket(&ticket)), "from child!");
        EXPECT_EQ(error_of(mayfly_leave()), 0);
      });
      EXPECT_EQ(error_of(mayfly_leave()), 0);
    });
    EXPECT_EQ(bytes_of_file(fd), "from child!");
    EXPECT_EQ(mayfly_close(fd), 0);
  });
}

TEST_F(CApiTest, TheUmaskIsTheProcesssUntilItIsSaid) {
  in_process([this] {
    ::umask(027);
    ASSERT_EQ(error_of(join()), 0);
    EXPECT_EQ(mayfly_mkdir("/a", 0777), 0);
    mayfly_umask(002);
    EXPECT_EQ(mayfly_mkdir("/b", 0777), 0);
    EXPECT_EQ(mode_of("/a"), 0750U);
    EXPECT_EQ(mode_of("/b"), 0775U);
    EXPECT_EQ(error_of(mayfly_leave()), 0);
  });
}

TEST_F(CApiTest, EachServerSaysWhatItHolds) {
  EXPECT_EQ(mayfly_server_count(), 0U);
  in_member([this] {
    ASSERT_EQ(mayfly_server_count(), cluster_.info().server_count());
    struct statvfs all {};
    ASSERT_EQ(mayfly_statfs(&all), 0);
    unsigned long long capacity = 0;
    mayfly_server_status status{};
    for (unsigned server = 0; server < mayfly_server_count(); ++server) {
      ASSERT_EQ(error_of(mayfly_stat_server(server, &status)), 0);
      EXPECT_EQ(status.node, cluster_.info().servers[server].node);
      EXPECT_LE(status.used_bytes, status.capacity_bytes);
      capacity += status.capacity_bytes;
    }
    EXPECT_EQ(capacity, static_cast<unsigned long long>(all.f_blocks) * all.f_frsize);
    EXPECT_EQ(error_of(mayfly_stat_server(mayfly_server_count(), &status)), EINVAL);
    EXPECT_EQ(error_of(mayfly_stat_server(0, nullptr)), EFAULT);
  });
}

TEST_F(CApiTest, AServerThatIsGoneIsNamedByItsNode) {
  in_process([this] {
    ::setenv("MAYFLY_DEADLINE", "1", 1);
    ASSERT_EQ(error_of(join()), 0);
    cluster_.kill_server(1, SIGKILL);
    mayfly_server_status status{};
    EXPECT_EQ(error_of(mayfly_stat_server(0, &status)), 0);
    EXPECT_EQ(error_of(mayfly_stat_server(1, &status)), EIO);
    EXPECT_EQ(status.node, cluster_.info().servers[1].node);
  });
}

}  // namespace
}  // namespace mayfly
