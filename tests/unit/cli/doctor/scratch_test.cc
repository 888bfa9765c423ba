#include "cli/doctor/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

namespace mayfly {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

class ScratchTest : public ::testing::Test {
 protected:
  ScratchTest() {
    std::string pattern = ::testing::TempDir() + "mayfly-scratch-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~ScratchTest() override { std::filesystem::remove_all(directory_); }

  static std::vector<Check> check(const std::string& directory, bool is_private = false) {
    return check_scratch({directory, is_private});
  }

  static void expect_one_problem(const std::vector<Check>& checks, const std::string& found) {
    ASSERT_EQ(checks.size(), 1u);
    EXPECT_EQ(checks[0].verdict, Verdict::problem);
    EXPECT_THAT(checks[0].found, HasSubstr(found));
    EXPECT_FALSE(checks[0].advice.empty());
  }

  /// Whether `holds` is true in a process of a user who owns nothing here.
  static bool holds_unprivileged(const std::function<bool()>& holds) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool changed = ::geteuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0;
      ::_exit(changed && holds() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  std::string directory_;
};

TEST_F(ScratchTest, AWritableDirectoryIsNoProblem) {
  const std::vector<Check> checks = check(directory_);
  ASSERT_EQ(checks.size(), 3u);
  for (const Check& one : checks) EXPECT_NE(one.verdict, Verdict::problem) << one.found;
  EXPECT_THAT(checks[0].found, HasSubstr("free"));
}

TEST_F(ScratchTest, NothingIsLeftInTheDirectory) {
  check(directory_);
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(ScratchTest, AMissingDirectoryIsAProblem) {
  expect_one_problem(check(directory_ + "/missing"), "No such file");
}

TEST_F(ScratchTest, AFileIsAProblem) {
  std::ofstream(directory_ + "/file") << "x";
  expect_one_problem(check(directory_ + "/file"), "Not a directory");
}

TEST_F(ScratchTest, APathThroughAFileIsAProblem) {
  std::ofstream(directory_ + "/file") << "x";
  expect_one_problem(check(directory_ + "/file/below"), "Not a directory");
}

TEST_F(ScratchTest, ADirectoryThatCannotBeWrittenIsAProblem) {
  ASSERT_EQ(::chmod(directory_.c_str(), 0555), 0);
  EXPECT_TRUE(holds_unprivileged([this] {
    const std::vector<Check> checks = check(directory_);
    return checks.size() == 1 && checks[0].verdict == Verdict::problem &&
           checks[0].found.find("Permission denied") != std::string::npos;
  }));
}

TEST_F(ScratchTest, AFileSystemWithoutSpaceIsAProblem) {
  if (::geteuid() != 0 || ::mount("mayfly", directory_.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "needs the right to mount";
  }
  const std::vector<Check> nearly_full = check(directory_);
  std::ofstream(directory_ + "/filler") << std::string(std::size_t{2} << 20, 'x');
  const std::vector<Check> full = check(directory_);
  ::umount(directory_.c_str());
  ASSERT_FALSE(nearly_full.empty());
  EXPECT_EQ(nearly_full[0].verdict, Verdict::problem);
  EXPECT_THAT(nearly_full[0].advice, HasSubstr("free"));
  expect_one_problem(full, "No space left");
}

TEST_F(ScratchTest, APrivateFolderThatIsMissingIsTakenFromItsParent) {
  const std::vector<Check> checks = check(directory_ + "/private", true);
  ASSERT_EQ(checks.size(), 3u);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/private"));
}

TEST_F(ScratchTest, APrivateFolderThatOthersCanReachIsAProblem) {
  ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  expect_one_problem(check(directory_, true), "not this user's alone");
}

TEST_F(ScratchTest, APrivateFolderBehindALinkIsAProblem) {
  std::filesystem::create_directory_symlink(directory_, directory_ + "/link");
  expect_one_problem(check(directory_ + "/link", true), "Not a directory");
}

TEST(ScratchPlaces, TheOptionComesBeforeTheEnvironment) {
  const auto places = choose_scratch_places("/a,,/b", {"/c", "/d", "/tmp/mayfly-1"});
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].directory, "/a");
  EXPECT_EQ(places[1].directory, "/b");
}

TEST(ScratchPlaces, MayflyScratchComesBeforeTmpdir) {
  EXPECT_EQ(choose_scratch_places("", {"/c", "/d", "/p"}).at(0).directory, "/c");
  EXPECT_EQ(choose_scratch_places("", {"", "/d", "/p"}).at(0).directory, "/d");
}

TEST(ScratchPlaces, TheLastResortIsPrivate) {
  const auto places = choose_scratch_places("", {"", "", "/tmp/mayfly-1"});
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places[0].directory, "/tmp/mayfly-1");
  EXPECT_TRUE(places[0].is_private);
}

TEST(FileSystemName, KnowsSharedOnesFromLocalOnes) {
  EXPECT_EQ(file_system_name(0xEF53), "ext4");
  EXPECT_FALSE(is_shared_file_system("ext4"));
  EXPECT_TRUE(is_shared_file_system(file_system_name(0x0BD00BD0)));
  EXPECT_EQ(file_system_name(0x1234), "file system 0x1234");
}

}  // namespace
}  // namespace mayfly
