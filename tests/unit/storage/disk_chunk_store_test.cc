// What is DiskChunkStore's alone: other people's bytes, cancellation, surplus, the way to the
// drive.
#include "storage/disk_chunk_store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "async/task_group.h"
#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

constexpr FileId kFile{1, 7};
constexpr ChunkId kChunk{kFile, 0};

class DiskChunkStoreTest : public ::testing::Test {
 protected:
  Errc write(std::uint64_t offset, std::string text, ChunkId id = kChunk) {
    return to_errc(
        world_.loop().run(write_text(*world_.store, world_.pool(), id, offset, std::move(text))));
  }
  std::string read(std::uint64_t offset, std::size_t length, ChunkId id = kChunk) {
    auto text = world_.loop().run(read_text(*world_.store, world_.pool(), id, offset, length));
    return text ? *text : "error: " + describe(text.error());
  }
  Errc sync() { return to_errc(world_.loop().run(world_.store->sync(kFile))); }
  /// Everything is on the drive, and nothing in memory.
  void leave_memory() {
    ASSERT_EQ(sync(), Errc::ok);
    world_.empty_memory();
  }
  /// Starts a write of 16 pages, all but a byte at each end, and leaves it where it first waits:
  /// for the drive, if its first page is there.
  Task<Transfer> start_write(char fill) {
    ReadyQueue::Scope scope(world_.loop().ready());
    Buffer buffer = world_.pool().try_acquire(BufferClass::large);
    std::memset(buffer.data(), fill, buffer.size());
    Task<Transfer> task = world_.store->write(kChunk, 1, std::move(buffer), 16 * kPageBytes - 2);
    task.start(nullptr);
    return task;
  }
  void settle() {
    do {
      while (ring().in_flight() != 0) world_.loop().run_once();
    } while (world_.loop().poll() != 0 || ring().in_flight() != 0);
  }
  Ring& ring() { return *world_.base.ring; }

  DiskFixture world_{256 * kPageBytes};
};

TEST_F(DiskChunkStoreTest, BytesOfAFormerOwnerAreNeverSeen) {
  ASSERT_EQ(write(0, std::string(256 * kPageBytes, 's')), Errc::ok);
  ASSERT_TRUE(world_.loop().run(world_.store->truncate(kChunk, 0)));
  for (std::uint64_t i = 0; i < 40; ++i) {
    ASSERT_EQ(write(i * kPageBytes + 10 * i, "x", ChunkId{kFile, i}), Errc::ok);
  }
  for (std::uint64_t i = 0; i < 40; ++i) {
    EXPECT_EQ(read(0, 64 * kPageBytes, ChunkId{kFile, i}),
              std::string(i * kPageBytes + 10 * i, '\0') + "x");
    ASSERT_EQ(write(i * kPageBytes + kPageBytes + 5, "y", ChunkId{kFile, i}), Errc::ok);
    EXPECT_EQ(read(i * kPageBytes + 10 * i, 64 * kPageBytes, ChunkId{kFile, i}),
              "x" + std::string(kPageBytes + 4 - 10 * i, '\0') + "y");
  }
}

TEST_F(DiskChunkStoreTest, AlignedWritesAndReadsGoToTheDriveAsOneRegisteredOperation) {
  ASSERT_EQ(write(0, std::string(256 * kPageBytes, 'a')), Errc::ok);
  leave_memory();
  EXPECT_EQ(ring().counters().fixed_writes, 1u);
  EXPECT_EQ(read(0, 256 * kPageBytes), std::string(256 * kPageBytes, 'a'));
  EXPECT_EQ(ring().counters().fixed_reads, 1u);
  EXPECT_EQ(ring().counters().writes + ring().counters().reads, 0u);
}

TEST(DiskChunkStoreSpaceTest, SmallSequentialWritesEndUpContiguousAndReachTheDriveTogether) {
  DiskFixture world(kGiB);
  const auto append = [&world](std::uint64_t index, std::uint64_t i, std::size_t bytes) {
    Task<Status> task = write_text(*world.store, world.pool(), ChunkId{kFile, index}, i * bytes,
                                   std::string(bytes, 'a'));
    ASSERT_TRUE(world.loop().run(std::move(task)));
  };
  for (std::uint64_t i = 0; i < 16; ++i) {
    append(0, i, 47'008);
    append(1, i, kPageBytes);
  }
  ASSERT_TRUE(world.loop().run(world.store->sync(kFile)));
  EXPECT_LE(world.base.ring->counters().fixed_writes, 12u);
  world.empty_memory();
  ASSERT_TRUE(
      world.loop().run(read_text(*world.store, world.pool(), ChunkId{kFile, 0}, 0, 16 * 47'008)));
  EXPECT_LE(world.base.ring->counters().fixed_reads, 6u);
}

TEST(DiskChunkStoreSpaceTest, RecordsInAnyOrderReachTheDriveAsWhole) {
  DiskFixture world(kGiB);
  // As two writers of one shared file who do not keep step leave them.
  for (const std::uint64_t record : {3, 1, 0, 2, 5, 7, 4, 6, 9, 8, 11, 10}) {
    Task<Status> task =
        write_bytes(*world.store, ChunkId{kFile, 0}, record * 47'008, std::string(47'008, 'a'));
    ASSERT_TRUE(world.loop().run(std::move(task)));
  }
  ASSERT_TRUE(world.loop().run(world.store->sync(kFile)));
  EXPECT_LE(world.base.ring->counters().fixed_writes, 2u);
  EXPECT_EQ(world.store->usage().used_bytes, round_up(12 * 47'008, kPageBytes));
}

TEST_F(DiskChunkStoreTest, AWriteThatNobodyWaitsForIsCarriedThroughBeforeThoseBehindIt) {
  ASSERT_EQ(write(0, "before"), Errc::ok);
  leave_memory();
  Task<Transfer> task = start_write('c');
  ASSERT_GE(ring().in_flight(), 1u);
  task.reset();
  EXPECT_EQ(read(0, 4), "bccc");
}

TEST_F(DiskChunkStoreTest, AnAbandonedWriteLetsGoOfItsPagesWhenItIsDone) {
  ASSERT_EQ(write(0, "before"), Errc::ok);
  leave_memory();
  start_write('c').reset();
  settle();
  EXPECT_EQ(write(1, "after"), Errc::ok);
  EXPECT_EQ(read(0, 7), "bafterc");
  leave_memory();
  EXPECT_EQ(world_.pool().free(BufferClass::large), world_.pool().total(BufferClass::large));
}

TEST_F(DiskChunkStoreTest, AWriteThatIsCancelledBeforeItsTurnGivesItsBufferBackAtOnce) {
  ASSERT_EQ(write(0, "before"), Errc::ok);
  leave_memory();
  Task<Transfer> first = start_write('a');
  Task<Transfer> second = start_write('b');
  const std::size_t free = world_.pool().free(BufferClass::large);
  second.reset();
  EXPECT_EQ(world_.pool().free(BufferClass::large), free + 1);
  while (!first.done()) world_.loop().run_once();
  EXPECT_EQ(read(0, 2), "ba");
}

TEST_F(DiskChunkStoreTest, ACutWaitsForWhatIsOnItsWayToTheDrive) {
  ASSERT_EQ(write(0, std::string(17 * kPageBytes, 'x')), Errc::ok);
  Task<Transfer> write_task = start_write('a');
  EXPECT_TRUE(write_task.done());
  write_task.reset();
  Task<Status> sync_task = world_.store->sync(kFile);
  {
    ReadyQueue::Scope scope(world_.loop().ready());
    sync_task.start(nullptr);
  }
  ASSERT_GE(ring().in_flight(), 1u);
  ASSERT_TRUE(world_.loop().run(world_.store->truncate(kChunk, 0)));
  EXPECT_EQ(ring().counters().fixed_writes, 1u);
  EXPECT_EQ(world_.store->usage().used_bytes, 0u);
  EXPECT_EQ(world_.store->usage().dirty_bytes, 0u);
  EXPECT_EQ(read(0, 1), "");
  while (!sync_task.done()) world_.loop().run_once();
}

TEST_F(DiskChunkStoreTest, TheStoreCanEndWhileAnAbandonedWriteIsInFlight) {
  ASSERT_EQ(write(0, "grown"), Errc::ok);
  leave_memory();
  start_write('a').reset();
  ASSERT_GE(ring().in_flight(), 1u);
  world_.store.reset();
  settle();
  EXPECT_EQ(world_.pool().free(BufferClass::large), world_.pool().total(BufferClass::large));
}

TEST_F(DiskChunkStoreTest, WhatFitsInMemoryIsDirtyUntilASyncAndThenOnTheDrive) {
  ASSERT_EQ(write(5, std::string(2 * kPageBytes, 'a')), Errc::ok);
  EXPECT_EQ(ring().counters().fixed_writes, 0u);
  EXPECT_EQ(world_.store->usage().dirty_bytes, 3 * kPageBytes);
  EXPECT_EQ(world_.store->usage().used_bytes, 3 * kPageBytes);
  leave_memory();
  EXPECT_EQ(world_.store->usage().dirty_bytes, 0u);
  EXPECT_EQ(world_.store->usage().cached_bytes, 0u);
  EXPECT_EQ(ring().counters().syncs, 1u);
  EXPECT_EQ(read(0, 3 * kPageBytes), std::string(5, '\0') + std::string(2 * kPageBytes, 'a'));
  EXPECT_EQ(sync(), Errc::ok);
  EXPECT_EQ(ring().counters().syncs, 1u) << "nothing has been written since";
}

TEST_F(DiskChunkStoreTest, ASyncOfAllFilesLeavesNoneOfThemDirty) {
  for (const std::uint64_t serial : {1, 2, 3}) {
    ASSERT_EQ(write(0, "x", ChunkId{FileId{1, serial}, serial}), Errc::ok);
  }
  EXPECT_EQ(world_.store->usage().dirty_bytes, 3 * kPageBytes);
  ASSERT_TRUE(world_.loop().run(world_.store->sync_all()));
  EXPECT_EQ(world_.store->usage().dirty_bytes, 0u);
  EXPECT_EQ(ring().counters().syncs, 1u);
}

TEST_F(DiskChunkStoreTest, MoreThanMemoryHoldsIsWrittenBackByItself) {
  DiskFixture world(kGiB);
  for (std::uint64_t i = 0; i < 64; ++i) {
    Task<Status> task = write_text(*world.store, world.pool(), ChunkId{kFile, i}, 0,
                                   std::string(kMiB, static_cast<char>('A' + i)));
    ASSERT_TRUE(world.loop().run(std::move(task)));
  }
  EXPECT_LE(world.store->usage().dirty_bytes, world.pool().total(BufferClass::large) * kMiB);
  for (std::uint64_t i = 0; i < 64; ++i) {
    Task<Result<std::string>> task =
        lend_text(*world.store, world.pool(), ChunkId{kFile, i}, 0, kMiB);
    const auto text = world.loop().run(std::move(task));
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, std::string(kMiB, static_cast<char>('A' + i)));
  }
}

TEST_F(DiskChunkStoreTest, BlocksThatGrowAreWrittenBackAsOthersAre) {
  // For ever young: none is written back for its age.
  struct StandingClock final : Clock {
    TimePoint now() const override { return TimePoint(std::chrono::hours(1)); }
  };
  const StandingClock clock;
  DiskFixture world(kGiB, clock);
  const std::size_t most = world.pool().total(BufferClass::large);
  for (std::uint64_t i = 0; i < 2 * most * kSectionPages; ++i) {
    const ChunkId id{kFile, i / kSectionPages};
    const std::uint64_t offset = i % kSectionPages * kPageBytes;
    ASSERT_TRUE(
        world.loop().run(write_bytes(*world.store, id, offset, std::string(kPageBytes, 'a'))));
  }
  EXPECT_GT(world.base.ring->counters().fixed_writes, most);
}

TEST_F(DiskChunkStoreTest, ReadsInOrderBringTheRestOfTheSectionToMemory) {
  ASSERT_EQ(write(0, std::string(256 * kPageBytes, 'a')), Errc::ok);
  leave_memory();
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto text =
        world_.loop().run(lend_text(*world_.store, world_.pool(), kChunk, i * 10'000, 10'000));
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, std::string(10'000, 'a'));
  }
  EXPECT_LE(ring().counters().fixed_reads, 3u);
}

TEST_F(DiskChunkStoreTest, WhoWaitsForMemoryGetsThatOfABlockThatNobodyReads) {
  ASSERT_EQ(write(0, std::string(256 * kPageBytes, 'a')), Errc::ok);
  leave_memory();
  std::vector<Buffer> others;
  while (world_.pool().free(BufferClass::large) > 1) {
    others.push_back(world_.pool().try_acquire(BufferClass::large));
  }
  ReadyQueue::Scope scope(world_.loop().ready());
  Task<Result<std::optional<Loan>>> reader = world_.store->lend(kChunk, 0, 256 * kPageBytes);
  reader.start(nullptr);
  ASSERT_EQ(world_.pool().free(BufferClass::large), 0u);
  reader.reset();
  const auto wait = [](BufferPool& pool) -> Task<void> {
    const Buffer buffer = co_await pool.acquire(BufferClass::large);
  };
  Task<void> waiter = wait(world_.pool());
  waiter.start(nullptr);
  ASSERT_FALSE(waiter.done());
  settle();
  EXPECT_TRUE(waiter.done());
}

TEST_F(DiskChunkStoreTest, SmallReadsHereAndThereReadNoMoreThanTheirPages) {
  ASSERT_EQ(write(0, std::string(256 * kPageBytes, 'a')), Errc::ok);
  leave_memory();
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::uint64_t offset = (i * 37 + 100) % 250 * kPageBytes;
    ASSERT_TRUE(world_.loop().run(lend_text(*world_.store, world_.pool(), kChunk, offset, 4096)));
  }
  EXPECT_EQ(world_.store->usage().cached_bytes, 0u);
  EXPECT_EQ(ring().counters().fixed_reads, 20u);
}

/// Tasks that are started one after the other and then go on side by side.
class Together {
 public:
  explicit Together(EventLoop& loop) : loop_(loop) {}
  void start(Task<Status> task) {
    ReadyQueue::Scope scope(loop_.ready());
    group_.add(std::move(task));
  }
  Status join() {
    return loop_.run(
        [](TaskGroup& group) -> Task<Status> { co_return co_await group.join(); }(group_));
  }

 private:
  EventLoop& loop_;
  TaskGroup group_;
};

Task<Status> lend_and_compare(ChunkStore& store, BufferPool& pool, std::uint64_t offset,
                              std::string expected) {
  const auto text = co_await lend_text(store, pool, kChunk, offset, expected.size());
  if (!text) co_return text.error();
  co_return to_status(*text == expected ? Errc::ok : Errc::bad_message);
}

TEST_F(DiskChunkStoreTest, ABlockThatGrowsWhileItIsReadIntoGetsWhatWasRead) {
  ASSERT_EQ(write(0, std::string(3 * kPageBytes, 'o')), Errc::ok);
  leave_memory();
  // In no Buffer: the block gets one for the whole file.
  ASSERT_TRUE(
      world_.loop().run(write_bytes(*world_.store, kChunk, 0, std::string(kPageBytes, 'n'))));
  Together together(world_.loop());
  together.start(world_.store->sync(kFile));
  ASSERT_GE(ring().in_flight(), 1u);
  // Behind it first who gives the block more memory, then who reads into it.
  together.start(write_bytes(*world_.store, kChunk, 20'000, "far"));
  together.start(
      lend_and_compare(*world_.store, world_.pool(), kPageBytes, std::string(2 * kPageBytes, 'o')));
  EXPECT_TRUE(together.join());
  EXPECT_EQ(read(kPageBytes, 2 * kPageBytes), std::string(2 * kPageBytes, 'o'));
  EXPECT_EQ(read(20'000, 3), "far");
}

TEST(DiskChunkStoreSpaceTest, AnEdgeThatWasReadStaysWhileTheFileGrowsAndTheBlockToo) {
  DiskFixture world(kGiB);
  const auto put = [&](ChunkId id, std::uint64_t offset, std::string text) {
    ASSERT_TRUE(world.loop().run(write_bytes(*world.store, id, offset, std::move(text))));
  };
  put(kChunk, 0, std::string(2 * kPageBytes, 'o'));
  // No place is free any more.
  for (std::uint64_t i = 0; world.store->usage().used_bytes < DataFile::kStepBytes; ++i) {
    put({FileId{1, 9}, i}, 0, std::string(kPageBytes, 'x'));
    if (i < 63) put({FileId{1, 8}, i}, 0, std::string(kMiB, 'x'));
  }
  ASSERT_EQ(world.store->usage().used_bytes, DataFile::kStepBytes);
  ASSERT_TRUE(world.loop().run(world.store->sync(kFile)));
  ASSERT_TRUE(world.loop().run(world.store->sync(FileId{1, 8})));
  ASSERT_TRUE(world.loop().run(world.store->sync(FileId{1, 9})));
  world.empty_memory();
  Together together(world.loop());
  together.start(write_bytes(*world.store, kChunk, kPageBytes + 100, std::string(8000, 'n')));
  together.start(write_bytes(*world.store, kChunk, 20'000, "far"));
  EXPECT_TRUE(together.join());
  const auto text =
      world.loop().run(read_text(*world.store, world.pool(), kChunk, kPageBytes, 200));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, std::string(100, 'o') + std::string(100, 'n'));
}

/// While it lives this process cannot write to files at all: the kernel refuses.
class NoWrites {
 public:
  NoWrites() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  NoWrites(const NoWrites&) = delete;
  NoWrites& operator=(const NoWrites&) = delete;
  ~NoWrites() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(DiskChunkStoreTest, WhatCannotBeWrittenLaterIsNeverTakenForWritten) {
  ASSERT_EQ(write(0, std::string(4 * kPageBytes, 'a')), Errc::ok);
  ASSERT_EQ(write(0, "other", ChunkId{FileId{1, 8}, 0}), Errc::ok);
  ASSERT_TRUE(world_.loop().run(world_.store->sync(FileId{1, 8})));
  leave_memory();
  {
    const NoWrites no_writes;
    ASSERT_EQ(write(kPageBytes, std::string(kPageBytes, 'b')), Errc::ok);
    EXPECT_EQ(sync(), errc_from(EFBIG));
    EXPECT_EQ(sync(), errc_from(EFBIG));
  }
  EXPECT_EQ(read(kPageBytes, 1), "error: " + describe(Errc::io_error));
  const auto lent =
      world_.loop().run(lend_text(*world_.store, world_.pool(), kChunk, kPageBytes, 1));
  EXPECT_EQ(to_errc(lent), Errc::io_error);
  EXPECT_EQ(read(0, kPageBytes), std::string(kPageBytes, 'a'));
  EXPECT_EQ(write(kPageBytes + 7, "partly"), Errc::io_error);
  EXPECT_EQ(to_errc(world_.loop().run(world_.store->sync(FileId{1, 8}))), Errc::ok);
  EXPECT_EQ(sync(), errc_from(EFBIG));
  ASSERT_EQ(write(kPageBytes, std::string(kPageBytes, 'c')), Errc::ok);
  EXPECT_EQ(sync(), Errc::ok);
  EXPECT_EQ(read(kPageBytes, 1), "c");
}

TEST_F(DiskChunkStoreTest, TheNextWriteIsToldOfWhatWasLost) {
  ASSERT_EQ(write(0, std::string(300, 'a')), Errc::ok);
  leave_memory();
  {
    const NoWrites no_writes;
    ASSERT_EQ(write(0, "b"), Errc::ok);
    // Nobody waits for this one.
    ReadyQueue::Scope scope(world_.loop().ready());
    Task<Status> unheard = world_.store->sync(kFile);
    unheard.start(nullptr);
    while (ring().in_flight() != 0) world_.loop().run_once();
    while (world_.loop().poll() != 0) continue;
    unheard.reset();
  }
  EXPECT_EQ(write(0, std::string(kPageBytes, 'c')), errc_from(EFBIG));
  EXPECT_EQ(write(0, std::string(kPageBytes, 'c')), Errc::ok);
  EXPECT_EQ(sync(), Errc::ok);
}

TEST(DiskChunkStoreSyncTest, ASyncThatHasFailedOnceFailsForEver) {
  // The kernel tells one caller of what it could not write back, and the next that all is well.
  ScratchDirectory directory;
  RingFixture base;
  DataFile file = std::move(DataFile::open(directory.path(), 64 * kMiB)).value();
  const int descriptor = file.descriptor();
  // With all registered slots taken, the ring goes by the descriptor, which the test can exchange.
  for (std::size_t i = 0; i < Ring::kFiles; ++i) base.ring->register_file(descriptor, true);
  DiskChunkStore store(base.loop, *base.ring, base.pool, std::move(file));
  const auto write_and_sync = [&] {
    EXPECT_TRUE(base.loop.run(write_text(store, base.pool, kChunk, 0, "something")));
    return to_errc(base.loop.run(store.sync(kFile)));
  };
  EXPECT_EQ(write_and_sync(), Errc::ok);
  const int kept = ::dup(descriptor);
  // It takes everything and syncs nothing.
  const int unsyncable = ::open("/dev/null", O_WRONLY);
  ASSERT_GE(unsyncable, 0);
  ::dup2(unsyncable, descriptor);
  EXPECT_EQ(write_and_sync(), Errc::invalid);
  ::dup2(kept, descriptor);
  EXPECT_EQ(write_and_sync(), Errc::invalid);
  for (const int opened : {kept, unsyncable}) ::close(opened);
}

TEST_F(DiskChunkStoreTest, ThousandsOfWritesThatAreCancelledAnywhereLeakNothing) {
  std::uint64_t random = 1;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Task<Transfer>> tasks;
    for (char c = 'a'; c < 'e'; ++c) tasks.push_back(start_write(c));
    random = random * 6364136223846793005u + 1;
    for (std::uint64_t turns = random >> 61; turns != 0; --turns) world_.loop().poll();
    tasks[random >> 33 & 3].reset();
    if (round % 3 == 0) leave_memory();
  }
  settle();
  ASSERT_TRUE(world_.loop().run(world_.store->truncate(kChunk, 0)));
  EXPECT_EQ(world_.store->usage().used_bytes, 0u);
  EXPECT_EQ(world_.store->usage().cached_bytes, 0u);
  EXPECT_EQ(world_.pool().free(BufferClass::large), world_.pool().total(BufferClass::large));
}

/// In a mount namespace of its own, on a file system of 1 MiB. 77: not allowed here.
int fill_a_small_file_system(const ScratchDirectory& directory) {
  if (::unshare(CLONE_NEWNS) != 0) return 77;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
  if (::mount("none", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) return 77;
  RingFixture world;
  DiskChunkStore store(world.loop, *world.ring, world.pool,
                       std::move(DataFile::open(directory.path(), 64 * kMiB)).value());
  std::uint64_t written = 0;
  Errc outcome = Errc::ok;
  for (; outcome == Errc::ok && written < 1000; ++written) {
    Task<Status> task =
        write_text(store, world.pool, ChunkId{kFile, written}, 0, std::string(3 * kPageBytes, 'a'));
    outcome = to_errc(world.loop.run(std::move(task)));
  }
  if (outcome != Errc::no_space || written < 50) return 1;
  for (std::uint64_t index = 0; index + 1 < written; ++index) {
    const auto text =
        world.loop.run(read_text(store, world.pool, ChunkId{kFile, index}, 0, 3 * kPageBytes));
    if (!text || *text != std::string(3 * kPageBytes, 'a')) return 2;
  }
  if (!world.loop.run(store.truncate(ChunkId{kFile, 0}, 0))) return 3;
  Task<Status> again = write_text(store, world.pool, ChunkId{kFile, 5000}, 0, "again");
  return world.loop.run(std::move(again)) ? 0 : 4;
}

TEST(DiskChunkStoreSpaceTest, AFullFileSystemIsNoSpaceAndWhatWasWrittenStaysReadable) {
  ScratchDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fill_a_small_file_system(directory));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "mount namespaces are not allowed here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace mayfly
