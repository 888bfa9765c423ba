#include "protocol/session_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/reference_directory.h"

namespace mayfly {
namespace {

class SessionFileTest : public ::testing::Test {
 protected:
  static SessionInfo session() {
    SessionInfo info = new_session();
    info.servers = {{"node1", WireBytes(300)}, {"node2", WireBytes(200)}};
    return info;
  }
  Errc error() const {
    const auto read = read_session_file(path_);
    if (read) return Errc::ok;
    EXPECT_NE(read.error().sentence.find(path_), std::string::npos) << read.error().sentence;
    return read.error().code;
  }
  void put(const WireBytes& bytes) const {
    std::ofstream file(path_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    file.close();
    ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  }

  ReferenceDirectory directory_;
  std::string path_ = directory_.root() + "/session";
};

TEST_F(SessionFileTest, WhatWasWrittenIsReadAndIsItsOwnersAlone) {
  const SessionInfo written = session();
  ASSERT_TRUE(write_session_file(path_, written));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  const auto read = read_session_file(path_);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, encode(written));
}

TEST_F(SessionFileTest, ANewOneTakesThePlaceOfTheOldAndNothingElseIsLeft) {
  ASSERT_TRUE(write_session_file(path_, session()));
  const SessionInfo written = session();
  ASSERT_TRUE(write_session_file(path_, written));
  EXPECT_EQ(read_session_file(path_).value(), encode(written));
  std::filesystem::directory_iterator entry(directory_.root());
  EXPECT_EQ(std::distance(begin(entry), end(entry)), 1);
}

TEST_F(SessionFileTest, WhatOthersMayReadOrHaveMadeIsRefused) {
  ASSERT_TRUE(write_session_file(path_, session()));
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(error(), Errc::access_denied);
  ASSERT_EQ(::rename(path_.c_str(), (path_ + "2").c_str()), 0);
  ASSERT_EQ(::symlink((path_ + "2").c_str(), path_.c_str()), 0);
  EXPECT_EQ(error(), Errc::loop);
  if (::geteuid() != 0) return;
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_TRUE(write_session_file(path_, session()));
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(error(), Errc::access_denied);
}

TEST_F(SessionFileTest, ASessionOfAnotherVersionIsRefusedAsSuch) {
  WireBytes bytes = encode(session());
  bytes[7] = std::byte{kProtocolVersion + 1};
  bytes.resize(20);
  put(bytes);
  EXPECT_EQ(error(), Errc::wrong_version);
}

TEST_F(SessionFileTest, WhatIsNoSessionIsRefused) {
  EXPECT_EQ(error(), Errc::no_entry);
  put({});
  EXPECT_EQ(error(), Errc::bad_message);
  WireBytes bytes = encode(session());
  bytes.pop_back();
  put(bytes);
  EXPECT_EQ(error(), Errc::bad_message);
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_EQ(error(), Errc::invalid);
}

TEST_F(SessionFileTest, WhereNoneCanBeMadeThatIsSaid) {
  const auto written = write_session_file(directory_.root() + "/missing/session", session());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::no_entry);
}

}  // namespace
}  // namespace mayfly
