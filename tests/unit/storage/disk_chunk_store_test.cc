// What is DiskChunkStore's alone: other people's bytes, cancellation, surplus, the way to the
// drive.
#include "storage/disk_chunk_store.h"

#include <gtest/gtest.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

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
  /// Starts a write of 16 pages and leaves it where it first waits.
  Task<Transfer> start_write(char fill) {
    ReadyQueue::Scope scope(world_.loop().ready());
    Buffer buffer = world_.pool().try_acquire(BufferClass::large);
    std::memset(buffer.data(), fill, buffer.size());
    Task<Transfer> task = world_.store->write(kChunk, 0, std::move(buffer), 16 * kPageBytes);
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
  EXPECT_EQ(ring().counters().fixed_writes, 1u);
  EXPECT_EQ(read(0, 256 * kPageBytes), std::string(256 * kPageBytes, 'a'));
  EXPECT_EQ(ring().counters().fixed_reads, 1u);
  EXPECT_EQ(ring().counters().writes + ring().counters().reads, 0u);
}

TEST(DiskChunkStoreSpaceTest, SmallSequentialWritesEndUpContiguous) {
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
  const std::uint64_t before = world.base.ring->counters().fixed_reads;
  ASSERT_TRUE(
      world.loop().run(read_text(*world.store, world.pool(), ChunkId{kFile, 0}, 0, 16 * 47'008)));
  EXPECT_LE(world.base.ring->counters().fixed_reads - before, 6u);
}

TEST_F(DiskChunkStoreTest, AWriteThatNobodyWaitsForIsCarriedThroughBeforeThoseBehindIt) {
  ASSERT_EQ(write(0, "before"), Errc::ok);
  const std::size_t free = world_.pool().free(BufferClass::large);
  Task<Transfer> task = start_write('c');
  ASSERT_GE(ring().in_flight(), 1u);
  task.reset();
  EXPECT_EQ(world_.pool().free(BufferClass::large), free - 1);
  EXPECT_EQ(read(0, 3), "ccc");
  EXPECT_EQ(world_.pool().free(BufferClass::large), free);
}

TEST_F(DiskChunkStoreTest, AnAbandonedWriteLetsGoOfItsPagesWhenItIsDone) {
  start_write('c').reset();
  settle();
  EXPECT_EQ(world_.pool().free(BufferClass::large), world_.pool().total(BufferClass::large));
  EXPECT_EQ(write(0, "after"), Errc::ok);
  EXPECT_EQ(read(0, 6), "afterc");
}

TEST_F(DiskChunkStoreTest, AWriteThatIsCancelledBeforeItsTurnGivesItsBufferBackAtOnce) {
  Task<Transfer> first = start_write('a');
  Task<Transfer> second = start_write('b');
  const std::size_t free = world_.pool().free(BufferClass::large);
  second.reset();
  EXPECT_EQ(world_.pool().free(BufferClass::large), free + 1);
  while (!first.done()) world_.loop().run_once();
  EXPECT_EQ(read(0, 1), "a");
}

TEST_F(DiskChunkStoreTest, ACutWaitsForTheWriteInFlight) {
  Task<Transfer> write_task = start_write('a');
  ASSERT_TRUE(world_.loop().run(world_.store->truncate(kChunk, 0)));
  EXPECT_TRUE(write_task.done());
  EXPECT_EQ(world_.store->usage().used_bytes, 0u);
  EXPECT_EQ(read(0, 1), "");
}

TEST_F(DiskChunkStoreTest, TheStoreCanEndWhileAnAbandonedWriteIsInFlight) {
  ASSERT_EQ(write(0, "grown"), Errc::ok);
  start_write('a').reset();
  world_.store.reset();
  settle();
  EXPECT_EQ(world_.pool().free(BufferClass::large), world_.pool().total(BufferClass::large));
}

TEST_F(DiskChunkStoreTest, AFailedWriteLeavesEndAndBytesAndSpaceAsTheyWere) {
  ASSERT_EQ(write(0, "before"), Errc::ok);
  const std::uint64_t used = world_.store->usage().used_bytes;
  ASSERT_EQ(
      ::syscall(SYS_io_uring_register, ring().descriptor(), IORING_UNREGISTER_BUFFERS, nullptr, 0),
      0);
  EXPECT_EQ(write(kPageBytes, std::string(10 * kPageBytes, 'b')), errc_from(EFAULT));
  EXPECT_EQ(write(0, "c", ChunkId{kFile, 1}), errc_from(EFAULT));
  EXPECT_EQ(write(2, "c"), errc_from(EFAULT));
  EXPECT_EQ(world_.store->usage().used_bytes, used);
  ASSERT_EQ(world_.store->chunks_of(kFile).size(), 1u);
  EXPECT_EQ(world_.store->chunks_of(kFile)[0].end_bytes, 6u);
}

TEST(DiskChunkStoreSyncTest, ASyncThatHasFailedOnceFailsForEver) {
  // The kernel tells one caller of what it could not write back, and the next that all is well.
  ScratchDirectory directory;
  RingFixture base;
  DataFile file = std::move(DataFile::open(directory.path(), 64 * kMiB)).value();
  const int descriptor = file.descriptor();
  // With all registered slots taken, the ring goes by the descriptor, which the test can exchange.
  for (std::size_t i = 0; i < Ring::kFiles; ++i) base.ring->register_file(descriptor, true);
  DiskChunkStore store(*base.ring, std::move(file));
  ASSERT_TRUE(base.loop.run(store.sync()));
  const int kept = ::dup(descriptor);
  int unsyncable[2];
  ASSERT_EQ(::pipe(unsyncable), 0);
  ::dup2(unsyncable[0], descriptor);
  EXPECT_FALSE(base.loop.run(store.sync()));
  ::dup2(kept, descriptor);
  EXPECT_FALSE(base.loop.run(store.sync()));
  for (const int opened : {kept, unsyncable[0], unsyncable[1]}) ::close(opened);
}

TEST_F(DiskChunkStoreTest, ThousandsOfWritesThatAreCancelledAnywhereLeakNothing) {
  std::uint64_t random = 1;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Task<Transfer>> tasks;
    for (char c = 'a'; c < 'e'; ++c) tasks.push_back(start_write(c));
    random = random * 6364136223846793005u + 1;
    for (std::uint64_t turns = random >> 61; turns != 0; --turns) world_.loop().poll();
    tasks[random >> 33 & 3].reset();
  }
  settle();
  EXPECT_EQ(world_.pool().free(BufferClass::large), world_.pool().total(BufferClass::large));
  ASSERT_TRUE(world_.loop().run(world_.store->truncate(kChunk, 0)));
  EXPECT_EQ(world_.store->usage().used_bytes, 0u);
}

/// In a mount namespace of its own, on a file system of 1 MiB. 77: not allowed here.
int fill_a_small_file_system(const ScratchDirectory& directory) {
  if (::unshare(CLONE_NEWNS) != 0) return 77;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return 77;
  if (::mount("none", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) return 77;
  RingFixture world;
  DiskChunkStore store(*world.ring, std::move(DataFile::open(directory.path(), 64 * kMiB)).value());
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
