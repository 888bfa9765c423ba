#include "client/credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace mayfly {
namespace {

const Credentials kOwner{10, {20, 21}};
const Credentials kGroup{11, {20}};
const Credentials kOther{12, {30}};
const Credentials kRoot{0, {0}};

Attributes file_with(std::uint32_t mode) {
  Attributes file;
  file.mode = mode;
  file.uid = 10;
  file.gid = 20;
  return file;
}

ChangeBody change_of(std::uint32_t mask, std::uint32_t uid, std::uint32_t gid) {
  ChangeBody change;
  change.mask = mask;
  change.uid = uid;
  change.gid = gid;
  return change;
}

TEST(CredentialsTest, OwnerGroupAndOthersHaveTheirOwnBits) {
  const Attributes file = file_with(S_IFREG | 0641);
  EXPECT_TRUE(kOwner.may_access(file, R_OK | W_OK));
  EXPECT_FALSE(kOwner.may_access(file, X_OK));
  EXPECT_TRUE(kGroup.may_access(file, R_OK));
  EXPECT_FALSE(kGroup.may_access(file, W_OK));
  EXPECT_TRUE(kOther.may_access(file, X_OK));
  EXPECT_FALSE(kOther.may_access(file, R_OK | X_OK));
  EXPECT_TRUE(kOther.may_access(file, F_OK));
}

TEST(CredentialsTest, TheFirstClassThatFitsDecides) {
  EXPECT_FALSE(kOwner.may_access(file_with(S_IFREG | 0077), R_OK));
  EXPECT_FALSE(kGroup.may_access(file_with(S_IFREG | 0707), R_OK));
}

TEST(CredentialsTest, RootMayAllButRunWhatNobodyMay) {
  EXPECT_TRUE(kRoot.may_access(file_with(S_IFREG), R_OK | W_OK));
  EXPECT_FALSE(kRoot.may_access(file_with(S_IFREG | 0666), X_OK));
  EXPECT_TRUE(kRoot.may_access(file_with(S_IFREG | 0001), X_OK));
  EXPECT_TRUE(kRoot.may_access(file_with(S_IFDIR), X_OK));
}

TEST(CredentialsTest, OnlyTheOwnerAndRootChangeAttributes) {
  const Attributes file = file_with(S_IFREG | 0666);
  EXPECT_TRUE(kOwner.check_change(file, change_of(kMode, 0, 0)));
  EXPECT_TRUE(kRoot.check_change(file, change_of(kMode | kUid, 12, 0)));
  EXPECT_EQ(to_errc(kGroup.check_change(file, change_of(kMode, 0, 0))), Errc::not_permitted);
}

TEST(CredentialsTest, WhoeverMayWriteMaySetTheTimesToNow) {
  const ChangeBody touch = change_of(kAtime | kMtime | kToNow, 0, 0);
  EXPECT_EQ(to_errc(kOwner.check_change(file_with(S_IFREG | 0444), touch)), Errc::ok);
  EXPECT_EQ(to_errc(kGroup.check_change(file_with(S_IFREG | 0660), touch)), Errc::ok);
  EXPECT_EQ(to_errc(kOther.check_change(file_with(S_IFREG | 0664), touch)), Errc::access_denied);
}

TEST(CredentialsTest, AnOwnerMayGiveAFileToAGroupOfItsOwnOnly) {
  const Attributes file = file_with(S_IFREG | 0666);
  EXPECT_TRUE(kOwner.check_change(file, change_of(kGid, 0, 21)));
  EXPECT_TRUE(kOwner.check_change(file, change_of(kUid | kGid, 10, 20)));
  EXPECT_EQ(to_errc(kOwner.check_change(file, change_of(kGid, 0, 30))), Errc::not_permitted);
  EXPECT_EQ(to_errc(kOwner.check_change(file, change_of(kUid, 12, 0))), Errc::not_permitted);
}

TEST(CredentialsTest, ThoseOfThisProcessAreItsOwn) {
  EXPECT_EQ(Credentials::effective().uid, ::geteuid());
  EXPECT_TRUE(Credentials::effective().is_in(::getegid()));
  EXPECT_EQ(Credentials::real().uid, ::getuid());
  EXPECT_TRUE(Credentials::real().is_in(::getgid()));
}

}  // namespace
}  // namespace mayfly
