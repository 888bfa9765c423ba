// Files that one write fills: their home notes the size with the write.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

constexpr std::size_t kBytes = 3901;

class SmallFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<File> open(const char* path) {
    auto opened = cluster_.run(client_, File::open(client_, path, O_CREAT | O_WRONLY, 0644));
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  void write(File& file, std::uint64_t offset) {
    const std::vector<std::byte> bytes(kBytes, std::byte{7});
    const auto written = cluster_.run(client_, file.pwrite(bytes, offset));
    EXPECT_TRUE(written && *written == kBytes);
  }
  /// Closes it; whether that had nothing to wait for.
  bool closes_at_once(File& file) {
    ReadyQueue::Scope scope(client_.loop().ready());
    Task<Status> closing = file.close();
    closing.start(nullptr);
    const bool at_once = closing.done();
    while (!closing.done()) cluster_.turn();
    outcome_ = closing.take();
    cluster_.settle();
    return at_once;
  }
  Attributes seen_by_another(const char* path) {
    const auto attributes = cluster_.run(other_, other_.stat(path));
    EXPECT_TRUE(attributes);
    return *attributes;
  }

  SimCluster cluster_{SimOptions{}};
  Session& client_ = cluster_.add_client();
  Session& other_ = cluster_.add_client();
  Status outcome_;
};

TEST_F(SmallFileTest, CloseWaitsForNothingAfterTheOneWriteThatFillsIt) {
  const auto file = open("/file");
  write(*file, 0);
  EXPECT_EQ(seen_by_another("/file").size, kBytes);
  EXPECT_TRUE(closes_at_once(*file));
  EXPECT_TRUE(outcome_);
  EXPECT_EQ(seen_by_another("/file").size, kBytes);
  EXPECT_EQ(seen_by_another("/file").blocks_512, 8U);
  // Nobody asks the holders any more: what is seen is what the home knows.
  EXPECT_EQ(cluster_.server(file->id().home()).names().get_attributes(file->id())->size, kBytes);
}

TEST_F(SmallFileTest, FurtherWritesAreReportedByClose) {
  const auto file = open("/file");
  for (int i = 0; i < 3; ++i) write(*file, i * kBytes);
  EXPECT_FALSE(closes_at_once(*file));
  EXPECT_TRUE(outcome_);
  EXPECT_EQ(seen_by_another("/file").size, 3 * kBytes);
  EXPECT_EQ(seen_by_another("/file").blocks_512, 24U);
}

TEST_F(SmallFileTest, ASizeThatWasCutSinceIsNotNotedAgain) {
  const auto file = open("/file");
  write(*file, 0);
  EXPECT_TRUE(cluster_.run(other_, other_.truncate("/file", 10)));
  EXPECT_TRUE(closes_at_once(*file));
  EXPECT_EQ(seen_by_another("/file").size, 10U);
}

TEST_F(SmallFileTest, ACloseSomeTimeAfterTheWriteIsToldOfWhatWasLostMeanwhile) {
  const auto file = open("/file");
  write(*file, 0);
  cluster_.store(file->id().home()).lose(file->id());
  cluster_.settle();
  cluster_.clock().advance(std::chrono::seconds(6));
  EXPECT_FALSE(closes_at_once(*file));
  EXPECT_EQ(to_errc(outcome_), Errc::io_error);
}

TEST_F(SmallFileTest, WhatACloseThatIsNotWaitedForCannotSayTheNextOneDoes) {
  const auto file = open("/file");
  const auto again = open("/file");
  write(*file, 0);
  write(*again, kBytes);
  write(*again, 2 * kBytes);
  cluster_.store(file->id().home()).lose(file->id());
  cluster_.settle();
  EXPECT_TRUE(closes_at_once(*file));
  EXPECT_FALSE(closes_at_once(*again));
  EXPECT_EQ(to_errc(outcome_), Errc::io_error);
}

}  // namespace
}  // namespace mayfly
