// What the tests of the C interface share: a running file system, and processes that join it.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <functional>
#include <limits>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "mayfly/mayfly.h"
#include "support/process_cluster.h"

namespace mayfly {

/// The errno of a call that has failed; 0 for one that has not.
inline int error_of(ssize_t result) { return result == -1 ? std::exchange(errno, 0) : 0; }
inline int error_of(const void* result) { return result == nullptr ? std::exchange(errno, 0) : 0; }

/// A new file with these bytes; whether that went well.
inline bool make_file(const char* path, const std::string& bytes) {
  const int fd = mayfly_open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (fd < 0) return false;
  const auto length = static_cast<ssize_t>(bytes.size());
  const bool written = mayfly_pwrite(fd, bytes.data(), bytes.size(), 0) == length;
  return mayfly_close(fd) == 0 && written;
}

/// Everything in the file, or the errno in words.
inline std::string bytes_of_file(int fd) {
  std::string bytes(kMiB, '?');
  const ssize_t got = mayfly_pread(fd, bytes.data(), bytes.size(), 0);
  if (got < 0) return describe(errc_from(errno));
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

inline struct stat stat_of_path(const char* path) {
  struct stat status {};
  EXPECT_EQ(error_of(mayfly_stat(path, &status)), 0);
  return status;
}

class CApiTest : public ::testing::Test {
 protected:
  /// A process of its own; what `body` expects in vain fails the test.
  static void in_process(const std::function<void()>& body) {
    const auto well = [&] {
      errno = 0;
      body();
      return !HasFailure();
    };
    EXPECT_TRUE(ProcessCluster::ended_well(ProcessCluster::start_process(well)));
  }
  /// The same for one that is a member of the file system.
  void in_member(const std::function<void()>& body) {
    in_process([&] {
      ASSERT_EQ(error_of(join()), 0);
      body();
      EXPECT_EQ(error_of(mayfly_leave()), 0);
    });
  }
  int join() const {
    const WireBytes session = encode(cluster_.info());
    return mayfly_join(session.data(), session.size());
  }

  ProcessCluster cluster_{ProcessClusterOptions()};
};

}  // namespace mayfly
