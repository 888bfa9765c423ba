#include "metadata/inode.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

class InodeTest : public ::testing::Test {
 protected:
  static Attributes fresh() {
    Attributes attributes;
    attributes.id = {0, 2};
    attributes.mode = S_IFREG | 0600;
    attributes.nlink = 1;
    attributes.atime_ns = attributes.mtime_ns = attributes.ctime_ns = 100;
    return attributes;
  }
  std::uint64_t size() const { return inode_.attributes().size; }
  std::uint32_t generation() const { return inode_.attributes().truncate_generation; }
  bool unsettled() const { return (inode_.attributes().flags & kUnsettled) != 0; }

  /// Where a record goes.
  std::uint64_t place(std::uint64_t length) {
    return inode_.reserve(length, inode_.settle_ticket()).value();
  }

  Inode inode_{fresh(), kRootId};
};

TEST_F(InodeTest, ReportsGrowTheSizeAndNeverShrinkIt) {
  inode_.report({.size = 10});
  inode_.report({.size = 4});
  EXPECT_EQ(size(), 10u);
}

TEST_F(InodeTest, ANewOwnerTakesSetUidAwayUnlessTheModeComesWithIt) {
  const auto mode = [this] { return inode_.attributes().mode & 07777; };
  AttributeChange change;
  change.mask = AttributeChange::kMode;
  change.mode = 04755;
  inode_.change(change, 1);
  change.mask = AttributeChange::kUid;
  change.uid = 7;
  inode_.change(change, 2);
  EXPECT_EQ(mode(), 0755U);
  change.mask = AttributeChange::kMode | AttributeChange::kUid;
  inode_.change(change, 3);
  EXPECT_EQ(mode(), 04755U);
}

TEST_F(InodeTest, TheSizeIsUnsettledWhileAWriterHasItOpen) {
  EXPECT_FALSE(unsettled());
  inode_.open(Access::read);
  EXPECT_FALSE(unsettled());
  inode_.open(Access::write);
  inode_.open(Access::write);
  ASSERT_TRUE(inode_.close(Access::write));
  EXPECT_TRUE(unsettled());
  ASSERT_TRUE(inode_.close(Access::write));
  EXPECT_FALSE(unsettled());
}

TEST_F(InodeTest, AfterAWritersDeathTheEndIsUnknownUntilItIsSettledAndTheBlocksForGood) {
  inode_.open(Access::write);
  ASSERT_TRUE(inode_.forget(Access::write));
  EXPECT_FALSE(inode_.is_open());
  EXPECT_FALSE(inode_.end_is_known());
  inode_.settle(50, inode_.settle_ticket());
  EXPECT_TRUE(inode_.end_is_known());
  EXPECT_EQ(size(), 50u);
  EXPECT_TRUE(unsettled());
}

TEST_F(InodeTest, BlocksAreThoseOfThePagesReportedLessThoseCut) {
  inode_.report({.size = 10 * kPageBytes, .pages = 10});
  inode_.report({.pages = -3});
  EXPECT_EQ(inode_.attributes().blocks_512, 7u * 8);
  // A cut can meet pages whose writer has not reported them.
  ASSERT_TRUE(inode_.begin_truncate(200));
  ASSERT_TRUE(inode_.finish_truncate(0, 9, 200));
  EXPECT_EQ(inode_.attributes().blocks_512, 0u);
  inode_.report({.size = 12 * kPageBytes, .truncate_generation = 0, .pages = 2});
  EXPECT_EQ(inode_.attributes().blocks_512, 0u);
  EXPECT_FALSE(unsettled());
}

TEST_F(InodeTest, AReadShowsInAtimeIfItIsTheFirstSinceAChangeOrInADay) {
  constexpr std::int64_t kDay = std::int64_t{86'400} * 1'000'000'000;
  const auto atime = [&] { return inode_.attributes().atime_ns; };
  inode_.note_read(false, 150);
  EXPECT_EQ(atime(), 150);
  inode_.note_read(false, 160);
  EXPECT_EQ(atime(), 150);
  inode_.note_read(true, 165);
  EXPECT_EQ(atime(), 165);
  inode_.report({.size = 1, .modified_ns = 170});
  inode_.note_read(false, 180);
  EXPECT_EQ(atime(), 180);
  inode_.note_read(false, 180 + kDay - 1);
  EXPECT_EQ(atime(), 180);
  inode_.note_read(false, 180 + kDay);
  EXPECT_EQ(atime(), 180 + kDay);
}

TEST_F(InodeTest, AReadersDeathUnsettlesNothing) {
  inode_.open(Access::read);
  ASSERT_TRUE(inode_.forget(Access::read));
  EXPECT_FALSE(unsettled());
}

TEST_F(InodeTest, SettlingDoesNotShrinkASizeThatHasNoChunks) {
  ASSERT_TRUE(inode_.begin_truncate(200));
  ASSERT_TRUE(inode_.finish_truncate(1000, 0, 200));
  inode_.settle(50, inode_.settle_ticket());
  EXPECT_EQ(size(), 1000u);
}

TEST_F(InodeTest, AnAnswerFromBeforeAWritersDeathDoesNotSettle) {
  inode_.open(Access::write);
  inode_.open(Access::write);
  ASSERT_TRUE(inode_.forget(Access::write));
  const SettleTicket ticket = inode_.settle_ticket();
  ASSERT_TRUE(inode_.forget(Access::write));
  inode_.settle(50, ticket);
  EXPECT_EQ(size(), 50u);
  EXPECT_TRUE(unsettled());
}

TEST_F(InodeTest, AnAnswerFromBeforeATruncateIsVoid) {
  const SettleTicket before = inode_.settle_ticket();
  ASSERT_TRUE(inode_.begin_truncate(200));
  const SettleTicket between = inode_.settle_ticket();
  ASSERT_TRUE(inode_.finish_truncate(5, 0, 200));
  inode_.settle(50, before);
  inode_.settle(50, between);
  EXPECT_EQ(size(), 5u);
}

TEST_F(InodeTest, WhileATruncateIsPendingNothingSettles) {
  inode_.open(Access::write);
  ASSERT_TRUE(inode_.forget(Access::write));
  ASSERT_TRUE(inode_.begin_truncate(200));
  inode_.settle(50, inode_.settle_ticket());
  EXPECT_TRUE(unsettled());
  ASSERT_TRUE(inode_.finish_truncate(5, 0, 200));
  EXPECT_EQ(size(), 5u);
}

TEST_F(InodeTest, AfterATruncateRecordsGoBehindTheNewEnd) {
  EXPECT_EQ(place(50), 0u);
  ASSERT_TRUE(inode_.begin_truncate(200));
  ASSERT_TRUE(inode_.finish_truncate(3, 0, 200));
  EXPECT_EQ(place(1), 3u);
}

TEST_F(InodeTest, APlaceAskedForBeforeATruncateIsRefused) {
  const SettleTicket before = inode_.settle_ticket();
  ASSERT_TRUE(inode_.begin_truncate(200));
  EXPECT_EQ(inode_.reserve(1, before).error(), Errc::stale);
  const SettleTicket between = inode_.settle_ticket();
  ASSERT_TRUE(inode_.finish_truncate(3, 0, 200));
  EXPECT_EQ(inode_.reserve(1, between).error(), Errc::stale);
}

TEST_F(InodeTest, ARecordThatWouldEndTooFarOutIsRefusedAndTakesNoPlace) {
  inode_.report({.size = 10});
  EXPECT_EQ(inode_.reserve(kMaxFileBytes - 9, inode_.settle_ticket()).error(), Errc::file_too_big);
  EXPECT_EQ(place(1), 10u);
}

TEST_F(InodeTest, APlaceIsGivenBackUnderItsOwnGenerationOnly) {
  EXPECT_EQ(place(5), 0u);
  inode_.give_back(0, 5, generation() + 1);
  EXPECT_EQ(place(5), 5u);
  inode_.give_back(5, 5, generation());
  EXPECT_EQ(place(1), 5u);
}

TEST_F(InodeTest, WhenAllHaveClosedRecordsGoToTheEndOfWhatIsThere) {
  inode_.open(Access::append);
  EXPECT_EQ(place(5), 0u);
  ASSERT_TRUE(inode_.close(Access::append));
  EXPECT_EQ(place(5), 0u);
}

TEST_F(InodeTest, ThePlaceOfOneThatDiedIsNotGivenAgain) {
  inode_.open(Access::append);
  inode_.open(Access::append);
  EXPECT_EQ(place(5), 0u);
  ASSERT_TRUE(inode_.forget(Access::append));
  ASSERT_TRUE(inode_.close(Access::append));
  EXPECT_EQ(place(5), 5u);
}

TEST_F(InodeTest, AfterACutThatFailedNothingSettlesUntilOneSucceeds) {
  ASSERT_TRUE(inode_.begin_truncate(200));
  ASSERT_TRUE(inode_.abandon_truncate());
  inode_.settle(50, inode_.settle_ticket());
  EXPECT_EQ(size(), 50u);
  EXPECT_FALSE(inode_.end_is_known());
  ASSERT_TRUE(inode_.begin_truncate(200));
  ASSERT_TRUE(inode_.finish_truncate(5, 0, 200));
  inode_.settle(5, inode_.settle_ticket());
  EXPECT_TRUE(inode_.end_is_known());
}

TEST_F(InodeTest, TheEndIsKnownUnlessSomebodyMayHaveWrittenElsewhere) {
  inode_.open(Access::append);
  EXPECT_TRUE(inode_.end_is_known());
  EXPECT_TRUE(unsettled()) << "its records may be longer than the size reported";
  inode_.open(Access::write);
  EXPECT_FALSE(inode_.end_is_known());
  ASSERT_TRUE(inode_.close(Access::write));
  EXPECT_TRUE(inode_.end_is_known());
  ASSERT_TRUE(inode_.forget(Access::append));
  EXPECT_FALSE(inode_.end_is_known());
}

TEST_F(InodeTest, ATruncateKeepsTheSizeUntilItIsFinished) {
  inode_.report({.size = 10});
  ASSERT_TRUE(inode_.begin_truncate(200));
  EXPECT_EQ(size(), 10u);
  ASSERT_TRUE(inode_.finish_truncate(3, 0, 300));
  EXPECT_EQ(size(), 3u);
  EXPECT_EQ(inode_.attributes().mtime_ns, 300);
  EXPECT_EQ(inode_.attributes().ctime_ns, 300);
}

TEST_F(InodeTest, SizesReachedBeforeATruncateAreIgnored) {
  const std::uint32_t before = generation();
  ASSERT_TRUE(inode_.begin_truncate(200));
  EXPECT_NE(generation(), before);
  ASSERT_TRUE(inode_.finish_truncate(3, 0, 200));
  inode_.report({.size = 10, .truncate_generation = before});
  EXPECT_EQ(size(), 3u);
  inode_.report({.size = 8, .truncate_generation = generation()});
  EXPECT_EQ(size(), 8u);
}

TEST_F(InodeTest, SizesOfAGenerationThatNeverWasAreIgnored) {
  inode_.report({.size = 10, .truncate_generation = generation() + 1});
  EXPECT_EQ(size(), 0u);
}

TEST_F(InodeTest, WhatIsWrittenBehindTheCutOutlivesTheTruncate) {
  inode_.report({.size = 100});
  ASSERT_TRUE(inode_.begin_truncate(200));
  inode_.report({.size = 40, .truncate_generation = generation()});
  EXPECT_EQ(size(), 100u);
  ASSERT_TRUE(inode_.finish_truncate(0, 0, 200));
  EXPECT_EQ(size(), 40u);
}

TEST_F(InodeTest, OneTruncateAtATime) {
  ASSERT_TRUE(inode_.begin_truncate(200));
  EXPECT_EQ(to_errc(inode_.begin_truncate(200)), Errc::busy);
  ASSERT_TRUE(inode_.finish_truncate(0, 0, 200));
  EXPECT_TRUE(inode_.begin_truncate(200));
}

TEST_F(InodeTest, ATruncateThatHasNotBegunCannotEnd) {
  EXPECT_EQ(to_errc(inode_.finish_truncate(0, 0, 200)), Errc::invalid);
  EXPECT_EQ(to_errc(inode_.abandon_truncate()), Errc::invalid);
}

TEST_F(InodeTest, AnAbandonedTruncateKeepsTheSizeAndUnsettlesIt) {
  inode_.report({.size = 100});
  ASSERT_TRUE(inode_.begin_truncate(200));
  ASSERT_TRUE(inode_.abandon_truncate());
  EXPECT_EQ(size(), 100u);
  EXPECT_TRUE(unsettled());
  EXPECT_TRUE(inode_.begin_truncate(200));
}

TEST_F(InodeTest, AReportCarriesTheTimeOfTheLastWrite) {
  inode_.report({.size = 1, .modified_ns = 500});
  EXPECT_EQ(inode_.attributes().mtime_ns, 500);
  EXPECT_EQ(inode_.attributes().ctime_ns, 500);
  inode_.report({.size = 1, .modified_ns = 400});
  EXPECT_EQ(inode_.attributes().mtime_ns, 500);
}

TEST_F(InodeTest, TimesSetAfterTheLastWriteSurviveTheClose) {
  inode_.change({.mask = AttributeChange::kMtime, .mtime_ns = 42}, 600);
  inode_.report({.size = 1, .modified_ns = 500});
  EXPECT_EQ(inode_.attributes().mtime_ns, 42);
  inode_.report({.size = 1, .modified_ns = 700});
  EXPECT_EQ(inode_.attributes().mtime_ns, 700);
}

}  // namespace
}  // namespace mayfly
