// Which blocks the memory tier keeps, and how it brings them to the drive.
#include "storage/memory_tier.h"

#include <gtest/gtest.h>

#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

ChunkId chunk_of(std::uint64_t serial) { return {FileId{1, serial}, 0}; }

class MemoryTierTest : public ::testing::Test {
 protected:
  /// Nothing is written back for its age unless the test says so.
  struct SetClock final : Clock {
    TimePoint now() const override { return time; }
    TimePoint time{std::chrono::hours(1)};
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

  SetClock clock_;
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

/// Sections half of which are dirty, as many as may be, and a write that needs room for one more.
class HalfFilledTest : public MemoryTierTest {
 protected:
  static constexpr std::size_t kHalf = kMiB / 2;

  HalfFilledTest() {
    most_ = pool().most(BufferClass::large) * 3 / 4;
    for (std::uint64_t i = 1; i <= most_; ++i) write(i, 0, std::string(kHalf, 'a'));
  }
  Task<Status> start_write(std::uint64_t serial) {
    ReadyQueue::Scope scope(world_.loop().ready());
    auto writing = write_bytes(*world_.store, chunk_of(serial), 0, std::string(kHalf, 'n'));
    writing.start(nullptr);
    return writing;
  }

  std::uint64_t most_;
};

TEST_F(HalfFilledTest, TheFirstOfSeveralWritersWaitsForTheLast) {
  Task<Status> writing = start_write(100);
  settle();
  EXPECT_FALSE(writing.done());
  EXPECT_EQ(device_writes(), 0U);
  write(3, kHalf, std::string(kHalf, 'b'));
  settle();
  ASSERT_TRUE(writing.done());
  EXPECT_TRUE(writing.take());
  EXPECT_LE(device_writes(), 2U) << "both of its halves";
  EXPECT_EQ(read(3, kMiB), std::string(kHalf, 'a') + std::string(kHalf, 'b'));
}

TEST_F(HalfFilledTest, ButNotForLongAndNotAgainUntilThatHasPaid) {
  Task<Status> writing = start_write(100);
  settle();
  EXPECT_FALSE(writing.done());
  clock_.time += std::chrono::milliseconds(101);
  settle();
  ASSERT_TRUE(writing.done());
  EXPECT_TRUE(writing.take());
  for (std::uint64_t i = 200; i < 200 + 2 * most_; ++i) write(i, 0, std::string(kHalf, 'n'));
  EXPECT_EQ(read(1, kMiB), std::string(kHalf, 'a'));
}

TEST_F(HalfFilledTest, WhoeverWantsMemoryForAnythingElseDoesNotWait) {
  ReadyQueue::Scope scope(world_.loop().ready());
  std::vector<Buffer> taken;
  while (Buffer buffer = pool().try_acquire(BufferClass::large)) taken.push_back(std::move(buffer));
  const auto wait = [](BufferPool& pool) -> Task<Buffer> {
    co_return co_await pool.acquire(BufferClass::large);
  };
  Task<Buffer> waiting = wait(pool());
  waiting.start(nullptr);
  settle();
  EXPECT_TRUE(waiting.done());
}

TEST_F(MemoryTierTest, WhoWritesBetweenTheRecordsOfOthersReadsWholeSections) {
  DiskFixture world(kGiB);
  constexpr std::size_t kRecord = 47'008;
  constexpr std::uint64_t kRecords = 2 * 160;
  const auto place = [](std::uint64_t record) { return record * kRecord; };
  const auto write_every_other = [&](std::uint64_t first, char fill) {
    for (std::uint64_t i = first; i < kRecords; i += 2) {
      for (std::uint64_t at = place(i); at < place(i + 1);) {
        const std::uint64_t end = std::min(place(i + 1), round_up(at + 1, kMiB));
        const ChunkId chunk{FileId{1, 1}, at / kMiB};
        const std::string part(end - at, fill);
        ASSERT_TRUE(world.loop().run(write_bytes(*world.store, chunk, at % kMiB, part)));
        at = end;
      }
    }
    ASSERT_TRUE(world.loop().run(world.store->sync_all()));
    world.empty_memory();
  };
  write_every_other(0, 'e');
  const std::uint64_t reads = world.base.ring->counters().fixed_reads;
  write_every_other(1, 'o');
  // Eleven pieces for a section with so many records, and not two for each of those.
  EXPECT_LT(world.base.ring->counters().fixed_reads - reads, kRecords * 3 / 4);
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    const ChunkId chunk{FileId{1, 1}, place(i) / kMiB};
    const std::size_t length = std::min<std::size_t>(kRecord, kMiB - place(i) % kMiB);
    Task<Result<std::string>> task =
        read_text(*world.store, world.pool(), chunk, place(i) % kMiB, length);
    const auto text = world.loop().run(std::move(task));
    ASSERT_TRUE(text);
    ASSERT_EQ(*text, std::string(length, i % 2 == 0 ? 'e' : 'o'));
  }
}

}  // namespace
}  // namespace mayfly
