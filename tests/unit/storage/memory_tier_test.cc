// Which blocks the memory tier keeps, and how it brings them to the drive.
#include "storage/memory_tier.h"

#include <gtest/gtest.h>

#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

ChunkId chunk_of(std::uint64_t serial) { return {FileId{1, serial}, 0}; }

class MemoryTierTest : public ::testing::Test {
 protected:
  /// For ever young: nothing is written back for its age.
  struct StandingClock final : Clock {
    TimePoint now() const override { return TimePoint(std::chrono::hours(1)); }
  };

  void write(std::uint64_t serial, std::uint64_t offset, std::string text) {
    ASSERT_TRUE(
        world_.loop().run(write_bytes(*world_.store, chunk_of(serial), offset, std::move(text))));
  }
  std::string read(std::uint64_t serial, std::size_t length) {
    Task<Result<std::string>> task =
        lend_text(*world_.store, world_.pool(), chunk_of(serial), 0, length);
    const auto text = world_.loop().run(std::move(task));
    return text ? *text : describe(text.error());
  }
  static std::string text_of(std::uint64_t serial) {
    return "file " + std::to_string(serial) + std::string(3000, 'x');
  }
  void sync() { ASSERT_TRUE(world_.loop().run(world_.store->sync_all())); }
  void settle() {
    do {
      while (ring().in_flight() != 0) world_.loop().run_once();
    } while (world_.loop().poll() != 0 || ring().in_flight() != 0);
  }
  Ring& ring() { return *world_.base.ring; }
  BufferPool& pool() { return world_.pool(); }
  std::uint64_t device_writes() {
    return ring().counters().writes + ring().counters().fixed_writes;
  }

  const StandingClock clock_;
  DiskFixture world_{kGiB, clock_};
};

TEST_F(MemoryTierTest, SmallFilesAreWrittenTogetherAndEachHasItsBytes) {
  constexpr std::uint64_t kFiles = 200;
  for (std::uint64_t i = 1; i <= kFiles; ++i) write(i, 0, text_of(i));
  const std::uint64_t before = device_writes();
  sync();
  EXPECT_EQ(world_.store->usage().dirty_bytes, 0U);
  EXPECT_LE(device_writes() - before, kFiles / 20);
  world_.empty_memory();
  for (std::uint64_t i = 1; i <= kFiles; ++i) ASSERT_EQ(read(i, 4000), text_of(i));
}

TEST_F(MemoryTierTest, FilesHereAndThereOnTheDriveAreEachWrittenToTheirOwnPlace) {
  constexpr std::uint64_t kFiles = 60;
  for (std::uint64_t i = 1; i <= kFiles; ++i) write(i, 0, std::string(kPageBytes, 'o'));
  sync();
  // Every third, the last one first: pages of the pool in another order than those of the drive.
  for (std::uint64_t i = kFiles; i > 3; i -= 3) write(i, 100, text_of(i));
  write(1, 10 * kPageBytes, text_of(1));
  sync();
  world_.empty_memory();
  for (std::uint64_t i = 4; i <= kFiles; ++i) {
    const std::string content = read(i, kPageBytes);
    ASSERT_EQ(content.substr(0, 100), std::string(100, 'o'));
    const std::string text = i % 3 == 0 ? text_of(i) : std::string(3000, 'o');
    ASSERT_EQ(content.substr(100, text.size()), text) << i;
  }
  EXPECT_EQ(read(1, 100'000).substr(10 * kPageBytes), text_of(1));
}

TEST_F(MemoryTierTest, SmallFilesTakeMemoryThatNobodyElseWantsAndGiveItBack) {
  const std::size_t planned = pool().total(BufferClass::page);
  const std::size_t large = pool().total(BufferClass::large);
  const std::uint64_t files = planned + 600;
  for (std::uint64_t i = 1; i <= files; ++i) write(i, 0, text_of(i));
  sync();
  const std::uint64_t reads = ring().counters().fixed_reads;
  for (std::uint64_t i = 1; i <= files; ++i) ASSERT_EQ(read(i, 4000), text_of(i));
  EXPECT_EQ(ring().counters().fixed_reads, reads) << "all are in memory";
  EXPECT_EQ(pool().total(BufferClass::large), large - 3);
  // A large file wants it, and was used later.
  for (std::uint64_t i = 0; i < large; ++i) write(files + 1 + i, 0, std::string(kMiB, 'l'));
  sync();
  EXPECT_EQ(pool().total(BufferClass::large), large);
  EXPECT_EQ(read(1, 4000), text_of(1));
  EXPECT_EQ(read(files, 4000), text_of(files));
}

TEST_F(MemoryTierTest, LargeBlocksThatWereUsedLongAgoMakeRoomForSmallFiles) {
  const std::size_t large = pool().total(BufferClass::large);
  const std::size_t planned = pool().total(BufferClass::page);
  for (std::uint64_t i = 1; i <= large; ++i) write(i, 0, std::string(kMiB, 'l'));
  sync();
  EXPECT_EQ(pool().free(BufferClass::large), 0U);
  for (std::uint64_t i = 1; i <= planned + 200; ++i) write(100 + i, 0, text_of(i));
  EXPECT_EQ(pool().total(BufferClass::large), large - 1);
  for (std::uint64_t i = 1; i <= planned + 200; ++i) ASSERT_EQ(read(100 + i, 4000), text_of(i));
  EXPECT_EQ(read(1, kMiB), std::string(kMiB, 'l'));
}

TEST_F(MemoryTierTest, ASectionThatIsBeingFilledStaysUntilOthersNeedItsRoom) {
  const std::size_t large = pool().total(BufferClass::large);
  write(1, kPageBytes, std::string(10 * kPageBytes, 'p'));
  write(1, 30 * kPageBytes, std::string(kPageBytes, 'p'));
  for (std::uint64_t i = 2; i <= large; ++i) {
    write(i, 0, std::string(kMiB, 'c'));
    settle();
  }
  // A third of what may be dirty need not be written; the rest is, and the incomplete one is not.
  EXPECT_EQ(world_.store->usage().dirty_bytes % kMiB, 11 * kPageBytes);
  EXPECT_LE(world_.store->usage().dirty_bytes, large * kMiB / 4 + 11 * kPageBytes);
  // The rest of it makes one write of it all.
  write(1, 0, std::string(kMiB, 'e'));
  settle();
  const std::uint64_t writes = device_writes();
  sync();
  EXPECT_LE(device_writes() - writes, large / 4 + 1);
  EXPECT_EQ(read(1, kMiB), std::string(kMiB, 'e'));
}

TEST_F(MemoryTierTest, MoreIncompleteSectionsThanMemoryHoldsAreWritten) {
  const std::size_t large = pool().total(BufferClass::large);
  for (std::uint64_t i = 1; i <= 3 * large; ++i) {
    write(i, 20 * kPageBytes, std::string(2 * kPageBytes, static_cast<char>('a' + i % 26)));
  }
  for (std::uint64_t i = 1; i <= 3 * large; ++i) {
    ASSERT_EQ(read(i, kMiB).substr(20 * kPageBytes),
              std::string(2 * kPageBytes, static_cast<char>('a' + i % 26)));
  }
}

}  // namespace
}  // namespace mayfly
