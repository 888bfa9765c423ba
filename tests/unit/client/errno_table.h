// A table of calls and the errno that each fails with: what Linux says to the same call on a local
// directory is looked up in the same run.
#pragma once

#include <string>
#include <vector>

#include "support/posix_calls.h"
#include "support/reference_directory.h"
#include "unit/client/c_api_fixture.h"

namespace mayfly {

/// The files that the calls of a table are made on, on either side:
///   /file     7 bytes, mode 0644
///   /full     a directory with a directory "below" and a file "x"
///   /empty    a directory
///   /link     leads to file; /dangling to nothing; /circle to itself
struct Scene {
  const PosixCalls& calls;
  std::string root;
  int reader = -1;  ///< of /file
  int writer = -1;  ///< of /file
  int directory = -1;

  std::string of(const char* path) const { return root + path; }
  int open(const char* path, int flags) const {
    return calls.openat(AT_FDCWD, of(path).c_str(), flags, 0644);
  }
  void build() {
    for (const char* path : {"/full", "/full/below", "/empty"}) {
      ASSERT_EQ(error_of(calls.mkdirat(AT_FDCWD, of(path).c_str(), 0755)), 0) << path;
    }
    const std::pair<const char*, const char*> links[] = {
        {"file", "/link"}, {"nothing", "/dangling"}, {"circle", "/circle"}};
    for (const auto& [target, path] : links) {
      ASSERT_EQ(error_of(calls.symlinkat(target, AT_FDCWD, of(path).c_str())), 0) << path;
    }
    ASSERT_EQ(calls.close(open("/full/x", O_WRONLY | O_CREAT)), 0);
    writer = open("/file", O_WRONLY | O_CREAT);
    ASSERT_EQ(calls.write(writer, "content", 7), 7);
    reader = open("/file", O_RDONLY);
    directory = open("/full", O_RDONLY | O_DIRECTORY);
    ASSERT_GE(directory, 0);
  }
  void close() const {
    for (const int fd : {reader, writer, directory}) EXPECT_EQ(error_of(calls.close(fd)), 0);
  }
};

struct ErrnoRow {
  const char* call;
  int error;
  ssize_t (*make)(const Scene&);
};

/// A name too long by one byte, and a path.
inline std::string long_name() { return "/" + std::string(256, 'n'); }
inline std::string long_path() {
  std::string path;
  while (path.size() < 4096) path += "/empty/..";
  return path;
}

class ErrnoTableTest : public CApiTest {
 protected:
  /// Every row, on both sides. The rows change nothing but what they say.
  void expect(const std::vector<ErrnoRow>& rows) {
    in_member([&] {
      const ReferenceDirectory local;
      Scene ours{calls_of_mayfly(), ""};
      Scene theirs{calls_of_libc(), local.root()};
      ASSERT_NO_FATAL_FAILURE(ours.build());
      ASSERT_NO_FATAL_FAILURE(theirs.build());
      for (const ErrnoRow& row : rows) {
        EXPECT_EQ(error_of(row.make(theirs)), row.error) << row.call << " on Linux";
        EXPECT_EQ(error_of(row.make(ours)), row.error) << row.call;
      }
      ours.close();
      theirs.close();
    });
    expect_all_live();
  }
  /// The same for what Linux does not have, or has otherwise.
  void expect_of_us(const std::vector<ErrnoRow>& rows) {
    in_member([&] {
      Scene ours{calls_of_mayfly(), ""};
      ASSERT_NO_FATAL_FAILURE(ours.build());
      for (const ErrnoRow& row : rows) EXPECT_EQ(error_of(row.make(ours)), row.error) << row.call;
      ours.close();
    });
    expect_all_live();
  }
  void expect_all_live() {
    in_member([] {
      struct statvfs status {};
      EXPECT_EQ(error_of(mayfly_statfs(&status)), 0);
    });
  }
};

}  // namespace mayfly
