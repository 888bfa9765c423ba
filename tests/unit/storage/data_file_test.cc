#include "storage/data_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "async/task_group.h"
#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

TEST(DataFileTest, LeavesNoNameInTheScratchDirectory) {
  ScratchDirectory directory;
  const auto file = DataFile::open(directory.path(), kMiB);
  ASSERT_TRUE(file) << file.error().sentence;
  EXPECT_TRUE(directory.empty());
  struct stat status {};
  ASSERT_EQ(::fstat(file->descriptor(), &status), 0);
  EXPECT_EQ(status.st_nlink, 0u);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(DataFileTest, SaysThatTheDirectoryIsMissing) {
  const auto file = DataFile::open("/nonexistent/scratch", kMiB);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, Errc::no_entry);
  EXPECT_EQ(file.error().sentence,
            "The scratch directory /nonexistent/scratch does not exist: create it, or name "
            "another.");
}

TEST(DataFileTest, SaysThatItIsNotADirectory) {
  ScratchDirectory directory;
  const std::string path = directory.path() + "/file";
  std::ofstream(path) << "x";
  const auto file = DataFile::open(path, kMiB);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().sentence.find("is not a directory"), std::string::npos);
}

TEST(DataFileTest, SaysThatTheDirectoryCannotBeWritten) {
  ScratchDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0555), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const auto file = DataFile::open(directory.path(), kMiB);
    const bool right = !file && file.error().code == Errc::access_denied &&
                       file.error().sentence.find("cannot be written") != std::string::npos;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ::chmod(directory.path().c_str(), 0700);
}

TEST(DataFileTest, RefusesACapacityBelowOnePage) {
  ScratchDirectory directory;
  EXPECT_EQ(DataFile::open(directory.path(), 4095).error().code, Errc::invalid);
}

class GrowTest : public ::testing::Test {
 protected:
  void open(std::uint64_t capacity) {
    file_.emplace(std::move(DataFile::open(directory_.path(), capacity)).value());
    ring_file_ = world_.ring->register_file(file_->descriptor(), file_->direct());
  }
  ScratchDirectory directory_;
  RingFixture world_;
  std::optional<DataFile> file_;
  RingFile ring_file_;
};

TEST_F(GrowTest, GrowsByStepsUpToTheCapacity) {
  open(DataFile::kStepBytes + 3 * kPageBytes + 17);
  EXPECT_TRUE(world_.loop.run(file_->grow(*world_.ring, ring_file_, 0, kPageBytes)));
  EXPECT_EQ(file_->size(), DataFile::kStepBytes);
  EXPECT_TRUE(world_.loop.run(file_->grow(*world_.ring, ring_file_, file_->size(), 1)));
  EXPECT_EQ(file_->size(), DataFile::kStepBytes + 3 * kPageBytes);
  const Status full = world_.loop.run(file_->grow(*world_.ring, ring_file_, file_->size(), 1));
  EXPECT_EQ(to_errc(full), Errc::no_space);
  struct stat status {};
  ASSERT_EQ(::fstat(file_->descriptor(), &status), 0);
  EXPECT_EQ(static_cast<std::uint64_t>(status.st_size), file_->size());
}

Task<Status> join(TaskGroup& group) { co_return co_await group.join(); }

TEST_F(GrowTest, ThoseWhoWaitForAGrowShareIt) {
  open(kGiB);
  TaskGroup group;
  {
    ReadyQueue::Scope scope(world_.loop.ready());
    for (int i = 0; i < 10; ++i) group.add(file_->grow(*world_.ring, ring_file_, 0, kPageBytes));
  }
  EXPECT_TRUE(world_.loop.run(join(group)));
  EXPECT_EQ(file_->size(), DataFile::kStepBytes);
  EXPECT_EQ(world_.ring->counters().fallocates, 1u);
}

}  // namespace
}  // namespace mayfly
