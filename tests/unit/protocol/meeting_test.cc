#include "protocol/meeting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace mayfly {
namespace {

using ::testing::ElementsAre;

class MeetingTest : public ::testing::Test {
 protected:
  MeetingTest() {
    std::string name = ::testing::TempDir() + "meeting.XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~MeetingTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/m"; }
  Result<Meeting, Failure> open() const { return Meeting::open(path(), std::chrono::seconds(1)); }

  std::string folder_;
};

TEST_F(MeetingTest, AWordIsHeardWhole) {
  const auto mine = open();
  const auto theirs = open();
  ASSERT_TRUE(mine && theirs);
  const std::string word("a\0b\n", 4);
  std::thread other([&] { EXPECT_TRUE(theirs->tell("word", word)); });
  const auto heard = mine->hear("word");
  other.join();
  ASSERT_TRUE(heard);
  EXPECT_EQ(*heard, word);
  EXPECT_TRUE(mine->has("word"));
  EXPECT_FALSE(mine->has("wor"));
}

TEST_F(MeetingTest, NamesAreThoseThatBeginSo) {
  const auto meeting = open();
  ASSERT_TRUE(meeting);
  for (const char* const name : {"node-2", "node-1", "done-1"}) {
    ASSERT_TRUE(meeting->tell(name, ""));
  }
  EXPECT_THAT(meeting->names("node-"), ElementsAre("node-1", "node-2"));
}

TEST_F(MeetingTest, AWordThatDoesNotComeIsWaitedForNoLongerThanThePatience) {
  const auto meeting = open();
  ASSERT_TRUE(meeting);
  EXPECT_EQ(meeting->hear("word").error().code, Errc::timed_out);
}

TEST_F(MeetingTest, WhoeverWaitsSeesThatItIsOver) {
  const auto meeting = Meeting::open(path(), std::chrono::seconds(3600));
  ASSERT_TRUE(meeting);
  std::thread other([&] { meeting->remove(); });
  EXPECT_EQ(meeting->hear("word").error().code, Errc::canceled);
  other.join();
  EXPECT_TRUE(meeting->is_over());
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(MeetingTest, ManyMayRemoveItAtOnceAndNoneComplains) {
  ::testing::internal::CaptureStderr();
  for (int round = 0; round < 50; ++round) {
    const auto meeting = open();
    ASSERT_TRUE(meeting);
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(meeting->tell("word-" + std::to_string(i), ""));
    std::vector<std::thread> others;
    for (int i = 0; i < 3; ++i) others.emplace_back([&] { meeting->remove(); });
    for (std::thread& other : others) other.join();
    ASSERT_TRUE(meeting->is_over());
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(MeetingTest, ADirectoryThatOthersCanReadIsRefused) {
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);
  ASSERT_EQ(::chmod(path().c_str(), 0750), 0);
  const auto meeting = open();
  ASSERT_FALSE(meeting);
  EXPECT_EQ(meeting.error().code, Errc::access_denied);
}

}  // namespace
}  // namespace mayfly
