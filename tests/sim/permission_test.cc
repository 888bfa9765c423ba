// What users who are not root may do: owner, group and others, in directories and with files.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

constexpr uid_t kOwner = 1000;
constexpr uid_t kOther = 2000;
constexpr gid_t kGroup = 500;

class PermissionTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  PermissionTest()
      : cluster_(options()),
        root_(client({0, {0}})),
        owner_(client({kOwner, {kOwner}})),
        member_(client({kOther + 1, {kGroup, kOther + 1}})),
        other_(client({kOther, {kOther}})) {
    make_directory(root_, "/d", 0755);
    own("/d", kOwner, kGroup);
  }
  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam();
    return options;
  }
  Session& client(Credentials user) {
    SessionOptions options;
    options.user = std::move(user);
    return cluster_.add_client(options);
  }
  void own(const std::string& path, uid_t uid, gid_t gid) {
    ChangeBody change;
    change.mask = kUid | kGid;
    change.uid = uid;
    change.gid = gid;
    ASSERT_TRUE(cluster_.run(root_, root_.change_attributes(path, change)));
  }
  Errc change_mode(Session& user, const std::string& path, std::uint32_t mode) {
    ChangeBody change;
    change.mask = kMode;
    change.mode = mode;
    return to_errc(cluster_.run(user, user.change_attributes(path, change)));
  }
  Errc put(Session& user, const std::string& path, std::uint32_t mode = 0644) {
    const std::vector<std::byte> bytes(3901);
    WholeFile file;
    file.mode = mode;
    file.bytes = bytes;
    return to_errc(cluster_.run(user, user.put_file(PathAt(path), file)));
  }
  Errc make_directory(Session& user, const std::string& path, std::uint32_t mode = 0755) {
    return to_errc(cluster_.run(user, user.make_directory(path, mode)));
  }
  Errc open(Session& user, const std::string& path, int flags, std::uint32_t mode = 0644) {
    auto file = cluster_.run(user, File::open(user, path, flags, mode));
    if (!file) return file.error();
    return to_errc(cluster_.run(user, (*file)->close()));
  }
  Errc stat(Session& user, const std::string& path) {
    const auto attributes = cluster_.run(user, user.stat(path));
    return attributes ? Errc::ok : attributes.error();
  }
  Attributes attributes(const std::string& path) { return *cluster_.run(root_, root_.stat(path)); }
  Errc list(Session& user, const std::string& path) {
    const auto directory = cluster_.run(user, Directory::open(user, path));
    return directory ? Errc::ok : directory.error();
  }
  Errc remove(Session& user, const std::string& path) {
    return to_errc(cluster_.run(user, user.remove_file(path)));
  }
  Errc rename(Session& user, const std::string& from, const std::string& to) {
    return to_errc(cluster_.run(user, user.rename(from, to, 0)));
  }

  SimCluster cluster_;
  Session& root_;
  Session& owner_;
  Session& member_;
  Session& other_;
};

TEST_P(PermissionTest, NamesAreMadeAndRemovedByThoseWhoMayWriteTheDirectory) {
  EXPECT_EQ(open(owner_, "/d/f", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(open(other_, "/d/g", O_CREAT | O_WRONLY), Errc::access_denied);
  EXPECT_EQ(make_directory(other_, "/d/g"), Errc::access_denied);
  EXPECT_EQ(make_directory(other_, "/d/f"), Errc::exists);
  EXPECT_EQ(open(other_, "/d/f", O_CREAT | O_EXCL | O_RDONLY), Errc::exists);
  EXPECT_EQ(open(other_, "/d/f", O_CREAT | O_RDONLY), Errc::ok);
  EXPECT_EQ(remove(other_, "/d/f"), Errc::access_denied);
  EXPECT_EQ(remove(other_, "/d/none"), Errc::no_entry);
  EXPECT_EQ(rename(other_, "/d/f", "/d/g"), Errc::access_denied);
  EXPECT_EQ(to_errc(cluster_.run(other_, other_.make_symbolic_link("x", "/d/l"))),
            Errc::access_denied);
  EXPECT_EQ(to_errc(cluster_.run(other_, other_.link("/d/f", "/d/l", false))), Errc::access_denied);
  EXPECT_EQ(open(member_, "/d/g", O_CREAT | O_WRONLY), Errc::access_denied);
  EXPECT_EQ(change_mode(owner_, "/d", 0775), Errc::ok);
  EXPECT_EQ(open(member_, "/d/g", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(remove(member_, "/d/f"), Errc::ok);
}

TEST_P(PermissionTest, PathsLeadThroughDirectoriesThatTheUserMaySearch) {
  EXPECT_EQ(make_directory(owner_, "/d/e"), Errc::ok);
  EXPECT_EQ(open(owner_, "/d/e/f", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(stat(other_, "/d/e/f"), Errc::ok);
  // Whoever has found the way before is kept out at once.
  EXPECT_EQ(change_mode(owner_, "/d", 0700), Errc::ok);
  EXPECT_EQ(stat(other_, "/d/e/f"), Errc::access_denied);
  EXPECT_EQ(stat(other_, "/d/none"), Errc::access_denied);
  EXPECT_EQ(open(other_, "/d/e/f", O_RDONLY), Errc::access_denied);
  EXPECT_EQ(stat(other_, "/d"), Errc::ok);
  EXPECT_EQ(list(other_, "/d"), Errc::access_denied);
  EXPECT_EQ(list(other_, "/d/e"), Errc::access_denied);
  EXPECT_EQ(stat(owner_, "/d/e/f"), Errc::ok);
  EXPECT_EQ(stat(root_, "/d/e/f"), Errc::ok);
  // And let in again.
  EXPECT_EQ(change_mode(owner_, "/d", 0711), Errc::ok);
  EXPECT_EQ(stat(other_, "/d/e/f"), Errc::ok);
  EXPECT_EQ(list(other_, "/d"), Errc::access_denied);
  EXPECT_EQ(list(other_, "/d/e"), Errc::ok);
}

TEST_P(PermissionTest, FilesAreOpenedAsTheirModeSays) {
  EXPECT_EQ(open(owner_, "/d/f", O_CREAT | O_WRONLY, 0640), Errc::ok);
  own("/d/f", kOwner, kGroup);
  EXPECT_EQ(open(member_, "/d/f", O_RDONLY), Errc::ok);
  EXPECT_EQ(open(member_, "/d/f", O_RDWR), Errc::access_denied);
  EXPECT_EQ(open(other_, "/d/f", O_RDONLY), Errc::access_denied);
  EXPECT_EQ(change_mode(owner_, "/d/f", 0400), Errc::ok);
  EXPECT_EQ(open(owner_, "/d/f", O_WRONLY), Errc::access_denied);
  EXPECT_EQ(open(root_, "/d/f", O_RDWR), Errc::ok);
  // A new file is open for whatever its maker asked, whatever its mode.
  EXPECT_EQ(open(owner_, "/d/g", O_CREAT | O_RDWR, 0), Errc::ok);
}

TEST_P(PermissionTest, WhoMayNotWriteAFileDoesNotCutIt) {
  auto file = cluster_.run(owner_, File::open(owner_, "/d/f", O_CREAT | O_RDWR, 0644));
  const std::vector<std::byte> bytes(5, std::byte{1});
  ASSERT_TRUE(cluster_.run(owner_, (*file)->pwrite(bytes, 0)));
  EXPECT_EQ(open(other_, "/d/f", O_RDONLY | O_TRUNC), Errc::access_denied);
  EXPECT_EQ(attributes("/d/f").size, 5U);
  EXPECT_EQ(open(owner_, "/d/f", O_WRONLY | O_TRUNC), Errc::ok);
  EXPECT_EQ(attributes("/d/f").size, 0U);
  EXPECT_TRUE(cluster_.run(owner_, (*file)->close()));
}

TEST_P(PermissionTest, InAStickyDirectoryNamesAreTheirOwnersAndItsOwn) {
  EXPECT_EQ(change_mode(owner_, "/d", 01777), Errc::ok);
  EXPECT_EQ(open(other_, "/d/f", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(open(other_, "/d/g", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(open(member_, "/d/mine", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(remove(member_, "/d/f"), Errc::not_permitted);
  EXPECT_EQ(rename(member_, "/d/f", "/d/h"), Errc::not_permitted);
  EXPECT_EQ(rename(member_, "/d/mine", "/d/f"), Errc::not_permitted);
  EXPECT_EQ(rename(other_, "/d/f", "/d/h"), Errc::ok);
  EXPECT_EQ(remove(other_, "/d/h"), Errc::ok);
  EXPECT_EQ(remove(owner_, "/d/g"), Errc::ok);
}

TEST_P(PermissionTest, ADirectoryThatGetsAnotherParentIsWritten) {
  EXPECT_EQ(make_directory(root_, "/free", 0777), Errc::ok);
  EXPECT_EQ(change_mode(root_, "/free", 0777), Errc::ok);
  EXPECT_EQ(change_mode(owner_, "/d", 0777), Errc::ok);
  EXPECT_EQ(make_directory(owner_, "/d/e", 0755), Errc::ok);
  EXPECT_EQ(rename(other_, "/d/e", "/free/e"), Errc::access_denied);
  EXPECT_EQ(rename(other_, "/d/e", "/d/g"), Errc::ok);
  EXPECT_EQ(rename(owner_, "/d/g", "/free/e"), Errc::ok);
}

TEST_P(PermissionTest, NewFilesBelongToTheUserOrToTheDirectorysGroup) {
  EXPECT_EQ(open(owner_, "/d/f", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(attributes("/d/f").uid, kOwner);
  EXPECT_EQ(attributes("/d/f").gid, kOwner);
  EXPECT_EQ(change_mode(root_, "/d", 02755), Errc::ok);
  EXPECT_EQ(open(owner_, "/d/g", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(attributes("/d/g").gid, kGroup);
  EXPECT_EQ(make_directory(owner_, "/d/e"), Errc::ok);
  EXPECT_EQ(attributes("/d/e").gid, kGroup);
  EXPECT_EQ(attributes("/d/e").mode & 07777, 02755U);
  EXPECT_EQ(open(owner_, "/d/e/f", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(attributes("/d/e/f").gid, kGroup);
}

TEST_P(PermissionTest, WhoDoesNotOwnAFileDoesNotChangeWhatItSays) {
  EXPECT_EQ(open(owner_, "/d/f", O_CREAT | O_WRONLY), Errc::ok);
  auto file = cluster_.run(other_, File::open(other_, "/d/f", O_RDONLY, 0));
  ASSERT_TRUE(file);
  for (const std::uint32_t mask : {kMode, kUid, kGid, kAtime, kMtime}) {
    ChangeBody change;
    change.mask = mask;
    change.uid = change.gid = kOther;
    EXPECT_EQ(to_errc(cluster_.run(other_, other_.change_attributes("/d/f", change))),
              Errc::not_permitted);
    EXPECT_EQ(to_errc(cluster_.run(other_, (*file)->change_attributes(change))),
              Errc::not_permitted);
  }
  EXPECT_EQ(to_errc(cluster_.run(other_, other_.truncate("/d/f", 0))), Errc::access_denied);
  EXPECT_EQ(attributes("/d/f").mode & 07777, 0644U);
  EXPECT_TRUE(cluster_.run(other_, (*file)->close()));
}

TEST_P(PermissionTest, WhatOneThreadIsDeniedDoesNotRepeatWhatAnotherDoes) {
  EXPECT_EQ(make_directory(root_, "/secret", 0700), Errc::ok);
  for (int i = 0; i < 30; ++i) {
    const std::string path = "/d/" + std::to_string(i);
    ReadyQueue::Scope scope(owner_.loop().ready());
    Task<Status> making = owner_.make_directory(path, 0755);
    making.start(nullptr);
    Task<Result<Attributes>> denied = owner_.stat("/secret/x");
    denied.start(nullptr);
    while (!making.done() || !denied.done()) cluster_.turn();
    EXPECT_EQ(to_errc(making.take()), Errc::ok) << i;
    EXPECT_EQ(denied.take().error(), Errc::access_denied);
  }
}

TEST_P(PermissionTest, AFileIsMadeThroughALinkThatIsWhereNoneMayBe) {
  EXPECT_EQ(make_directory(root_, "/ro"), Errc::ok);
  ASSERT_TRUE(cluster_.run(root_, root_.make_symbolic_link("/d/log", "/ro/log")));
  EXPECT_EQ(open(owner_, "/ro/log", O_CREAT | O_WRONLY), Errc::ok);
  EXPECT_EQ(stat(owner_, "/d/log"), Errc::ok);
}

TEST_P(PermissionTest, MoreChangesThanAChannelHoldsRequestsDoNotStandInEachOthersWay) {
  constexpr int kDirectories = 600;
  for (int i = 0; i < kDirectories; ++i) make_directory(root_, "/x" + std::to_string(i), 0777);
  std::vector<Task<Status>> changes;
  ReadyQueue::Scope scope(root_.loop().ready());
  for (int i = 0; i < kDirectories; ++i) {
    ChangeBody change;
    change.mask = kMode;
    change.mode = 0700;
    changes.push_back(root_.change_attributes("/x" + std::to_string(i), change));
    changes.back().start(nullptr);
  }
  for (Task<Status>& change : changes) {
    while (!change.done()) cluster_.turn();
    EXPECT_EQ(to_errc(change.take()), Errc::ok);
  }
}

TEST_P(PermissionTest, WholeFilesAreForWhoMayRenameThem) {
  EXPECT_EQ(put(other_, "/d/f"), Errc::access_denied);
  EXPECT_EQ(put(owner_, "/d/f"), Errc::ok);
  EXPECT_EQ(cluster_.run(root_, root_.stat(PathAt("/d/f")))->uid, kOwner);
  EXPECT_EQ(put(owner_, "/d/f", 02755), Errc::cross_device);
  EXPECT_EQ(change_mode(root_, "/d", 0777), Errc::ok);
  EXPECT_EQ(put(other_, "/d/f"), Errc::ok);
  EXPECT_EQ(cluster_.run(root_, root_.stat(PathAt("/d/f")))->uid, kOther);
  EXPECT_EQ(change_mode(root_, "/d", 01777), Errc::ok);
  EXPECT_EQ(put(member_, "/d/f"), Errc::not_permitted);
  EXPECT_EQ(put(member_, "/d/none"), Errc::ok);
  EXPECT_EQ(put(member_, "/d/none"), Errc::ok);
  EXPECT_EQ(put(owner_, "/d/none"), Errc::ok) << "the directory is its own";
}

INSTANTIATE_TEST_SUITE_P(Servers, PermissionTest, ::testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace mayfly
