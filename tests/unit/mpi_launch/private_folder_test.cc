#include "mpi_launch/private_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mayfly {
namespace {

namespace fs = std::filesystem;

class PrivateFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string parent = testing::TempDir() + "mayfly-folder-XXXXXX";
    ASSERT_NE(::mkdtemp(parent.data()), nullptr);
    parent_ = parent;
    path_ = parent + "/mayfly-7";
  }
  void TearDown() override { fs::remove_all(parent_); }

  std::string sentence() {
    const auto folder = PrivateFolder::open(path_);
    return folder ? "" : folder.error().sentence;
  }

  fs::path parent_;
  std::string path_;
};

TEST_F(PrivateFolderTest, IsMadeForItsOwnerAndRemovedAtTheEnd) {
  {
    const auto folder = PrivateFolder::open(path_);
    ASSERT_TRUE(folder);
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(PrivateFolderTest, LeftByACrashedRunIsUsedAgain) {
  ::mkdir(path_.c_str(), 0700);
  EXPECT_EQ(sentence(), "");
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(PrivateFolderTest, StaysIfThereIsSomethingInIt) {
  ::mkdir(path_.c_str(), 0700);
  std::ofstream(path_ + "/notes") << "mine";
  EXPECT_EQ(sentence(), "");
  EXPECT_TRUE(fs::exists(path_ + "/notes"));
}

TEST_F(PrivateFolderTest, StaysUntilItsLastUserIsGone) {
  auto first = PrivateFolder::open(path_);
  ASSERT_TRUE(first);
  { const auto second = PrivateFolder::open(path_); }
  EXPECT_TRUE(fs::exists(path_));
  { const PrivateFolder last = std::move(*first); }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(PrivateFolderTest, OpenToOthersIsRefused) {
  ::mkdir(path_.c_str(), 0700);
  ::chmod(path_.c_str(), 0755);
  EXPECT_NE(sentence().find(path_ + " is open to others"), std::string::npos);
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(PrivateFolderTest, SomebodyElsesIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  ::mkdir(path_.c_str(), 0700);
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
  EXPECT_NE(sentence().find("belongs to somebody else"), std::string::npos);
}

TEST_F(PrivateFolderTest, ALinkOrAFileIsRefused) {
  fs::create_directory(parent_ / "elsewhere");
  fs::create_directory_symlink(parent_ / "elsewhere", path_);
  EXPECT_NE(sentence().find("is not a directory but a file or a link"), std::string::npos);
  fs::remove(path_);
  std::ofstream(path_) << "x";
  EXPECT_NE(sentence().find("is not a directory but a file or a link"), std::string::npos);
}

}  // namespace
}  // namespace mayfly
