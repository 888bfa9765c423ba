// What every ChunkStore promises, on both.
#include "storage/chunk_store.h"

#include <gtest/gtest.h>

#include <string>

#include "async/task_group.h"
#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

constexpr FileId kFile{1, 7};
constexpr ChunkId kChunk{kFile, 0};
constexpr std::uint64_t kCapacity = 64 * kPageBytes;

Task<Status> cut_to(ChunkStore& store, std::uint64_t end) {
  co_return to_status(to_errc(co_await store.truncate(kChunk, end)));
}

template <class Fixture>
class ChunkStoreTest : public ::testing::Test {
 protected:
  Errc write(std::uint64_t offset, std::string text, ChunkId id = kChunk) {
    return to_errc(
        world_.loop().run(write_text(*world_.store, world_.pool(), id, offset, std::move(text))));
  }
  std::string read(std::uint64_t offset, std::size_t length, ChunkId id = kChunk) {
    auto text = world_.loop().run(read_text(*world_.store, world_.pool(), id, offset, length));
    return text ? *text : "error: " + describe(text.error());
  }
  Errc cut(std::uint64_t end, ChunkId id = kChunk) {
    return to_errc(world_.loop().run(world_.store->truncate(id, end)));
  }
  std::uint64_t used() const { return world_.store->usage().used_bytes; }

  Fixture world_{kCapacity};
};

using Fixtures = ::testing::Types<DiskFixture, MemoryFixture>;
TYPED_TEST_SUITE(ChunkStoreTest, Fixtures);

TYPED_TEST(ChunkStoreTest, GivesBackWhatWasWritten) {
  EXPECT_EQ(this->write(5, "hello"), Errc::ok);
  EXPECT_EQ(this->read(5, 5), "hello");
  EXPECT_EQ(this->read(0, 100), std::string(5, '\0') + "hello");
  EXPECT_EQ(this->read(7, 2), "ll");
}

TYPED_TEST(ChunkStoreTest, BytesThatAreInNoBufferAreWrittenAsWell) {
  auto& store = *this->world_.store;
  EXPECT_EQ(this->write(0, std::string(5000, 'o')), Errc::ok);
  EXPECT_TRUE(this->world_.loop().run(write_bytes(store, kChunk, 4090, "hello, all")));
  EXPECT_EQ(this->read(4088, 14), "oohello, alloo");
  EXPECT_TRUE(this->world_.loop().run(write_bytes(store, {kFile, 1}, kMiB + 5, "far")));
  EXPECT_EQ(this->read(kMiB, 10, {kFile, 1}), std::string(5, '\0') + "far");
}

TYPED_TEST(ChunkStoreTest, WhatNeedNotWaitIsWrittenAtOnce) {
  ReadyQueue::Scope scope(this->world_.loop().ready());
  auto& store = *this->world_.store;
  const std::string text = "hello, all";
  const auto write_at = [&](ChunkId id, std::uint64_t offset) {
    return store.try_write(id, offset, std::as_bytes(std::span(text)));
  };
  // For the first write of all, a data file may have to grow.
  EXPECT_EQ(this->write(0, "x", {kFile, 1}), Errc::ok);
  auto taken = write_at(kChunk, 4090);
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(**taken, 2U);
  taken = write_at(kChunk, 5000);
  ASSERT_TRUE(taken && *taken);
  EXPECT_EQ(**taken, 0U);
  EXPECT_EQ(this->used(), 3 * kPageBytes);
  EXPECT_EQ(this->read(4088, 12), std::string(2, '\0') + text);
  EXPECT_EQ(this->read(5000, 100), text);
}

TYPED_TEST(ChunkStoreTest, AFileOfOneChunkIsRemovedAtOnce) {
  auto& store = *this->world_.store;
  ReadyQueue::Scope scope(this->world_.loop().ready());
  EXPECT_FALSE(store.try_remove(kFile)) << "there is none";
  EXPECT_EQ(this->write(5, "hello", {kFile, 3}), Errc::ok);
  EXPECT_EQ(this->write(0, "other", {{1, 8}, 0}), Errc::ok);
  EXPECT_TRUE(store.try_remove(kFile));
  EXPECT_TRUE(store.chunks_of(kFile).empty());
  EXPECT_EQ(this->used(), kPageBytes);
  EXPECT_EQ(this->read(0, 10, {kFile, 3}), "");
  EXPECT_EQ(this->read(0, 10, {{1, 8}, 0}), "other");
  EXPECT_EQ(this->write(7, "again", {kFile, 3}), Errc::ok);
  EXPECT_EQ(this->read(0, 20, {kFile, 3}), std::string(7, '\0') + "again");
  EXPECT_TRUE(store.check());
}

TYPED_TEST(ChunkStoreTest, AFileOfSeveralChunksIsNotRemovedAtOnce) {
  ReadyQueue::Scope scope(this->world_.loop().ready());
  EXPECT_EQ(this->write(0, "one"), Errc::ok);
  EXPECT_EQ(this->write(0, "two", {kFile, 1}), Errc::ok);
  EXPECT_FALSE(this->world_.store->try_remove(kFile));
  EXPECT_EQ(this->read(0, 9), "one");
  EXPECT_EQ(this->read(0, 9, {kFile, 1}), "two");
}

TYPED_TEST(ChunkStoreTest, ReadsNothingFromAChunkThatIsNotThere) {
  EXPECT_EQ(this->read(0, 10), "");
  EXPECT_TRUE(this->world_.store->chunks_of(kFile).empty());
}

TYPED_TEST(ChunkStoreTest, ReadsNothingBehindTheEnd) {
  EXPECT_EQ(this->write(0, "abc"), Errc::ok);
  EXPECT_EQ(this->read(3, 10), "");
  EXPECT_EQ(this->read(kChunkMaxBytes + 5, 10), "");
}

TYPED_TEST(ChunkStoreTest, HolesReadAsZeros) {
  EXPECT_EQ(this->write(3 * kPageBytes + 10, "x"), Errc::ok);
  EXPECT_EQ(this->read(0, 3 * kPageBytes + 11), std::string(3 * kPageBytes + 10, '\0') + "x");
}

TYPED_TEST(ChunkStoreTest, AnUnalignedWriteLeavesItsNeighboursAlone) {
  const std::string old(3 * kPageBytes, 'o');
  EXPECT_EQ(this->write(0, old), Errc::ok);
  EXPECT_EQ(this->write(kPageBytes - 2, std::string(kPageBytes + 4, 'n')), Errc::ok);
  std::string expected = old;
  expected.replace(kPageBytes - 2, kPageBytes + 4, kPageBytes + 4, 'n');
  EXPECT_EQ(this->read(0, expected.size()), expected);
}

TYPED_TEST(ChunkStoreTest, AWriteInsideOnePageKeepsBothSidesOfIt) {
  EXPECT_EQ(this->write(0, std::string(kPageBytes, 'o')), Errc::ok);
  EXPECT_EQ(this->write(100, "new"), Errc::ok);
  EXPECT_EQ(this->read(98, 7), "oonewoo");
  EXPECT_EQ(this->write(0, "head"), Errc::ok);
  EXPECT_EQ(this->read(0, 5), "heado");
}

TYPED_TEST(ChunkStoreTest, ReservedSpaceIsThereForItsChunkAlone) {
  auto& store = *this->world_.store;
  EXPECT_EQ(to_errc(this->world_.loop().run(store.reserve(kChunk, {10, 42}))), Errc::ok);
  EXPECT_EQ(this->used(), 32 * kPageBytes);
  EXPECT_EQ(this->read(0, 10), "");
  EXPECT_EQ(this->write(0, std::string(33 * kPageBytes, 'x'), {kFile, 1}), Errc::no_space);
  EXPECT_EQ(this->write(0, std::string(32 * kPageBytes, 'x'), {kFile, 1}), Errc::ok);
  EXPECT_EQ(this->write(0, "x"), Errc::no_space);
  EXPECT_EQ(this->write(11 * kPageBytes, std::string(31 * kPageBytes, 'y')), Errc::ok);
  EXPECT_EQ(this->read(10 * kPageBytes, 3), std::string(3, '\0'));
  EXPECT_EQ(this->cut(0), Errc::ok);
  EXPECT_EQ(this->used(), 32 * kPageBytes);
}

TYPED_TEST(ChunkStoreTest, AReservationThatDoesNotFitChangesNothing) {
  auto& store = *this->world_.store;
  EXPECT_EQ(to_errc(this->world_.loop().run(store.reserve(kChunk, {10, 20}))), Errc::ok);
  EXPECT_EQ(to_errc(this->world_.loop().run(store.reserve(kChunk, {0, 100}))), Errc::no_space);
  EXPECT_EQ(this->used(), 10 * kPageBytes);
  EXPECT_EQ(this->write(0, std::string(54 * kPageBytes, 'x'), {kFile, 1}), Errc::ok);
  EXPECT_EQ(this->write(10 * kPageBytes, std::string(10 * kPageBytes, 'y')), Errc::ok);
}

TYPED_TEST(ChunkStoreTest, APunchedHoleGivesItsSpaceBackUnlessItIsKept) {
  auto& store = *this->world_.store;
  EXPECT_EQ(this->write(0, std::string(8 * kPageBytes, 'x')), Errc::ok);
  EXPECT_TRUE(this->world_.loop().run(store.punch(kChunk, {2, 4}, false)));
  EXPECT_EQ(this->used(), 6 * kPageBytes);
  EXPECT_TRUE(this->world_.loop().run(store.punch(kChunk, {6, 8}, true)));
  EXPECT_EQ(this->used(), 6 * kPageBytes);
  EXPECT_EQ(this->read(7 * kPageBytes, kPageBytes), std::string(kPageBytes, '\0'));
  EXPECT_EQ(store.next_hole(kChunk, 0), 2 * kPageBytes);
  EXPECT_EQ(store.next_data(kChunk, 2 * kPageBytes), 4 * kPageBytes);
  EXPECT_EQ(store.next_data(kChunk, 6 * kPageBytes), 8 * kPageBytes);
  EXPECT_EQ(store.chunks_of(kFile).front().end_bytes, 8 * kPageBytes);
}

TYPED_TEST(ChunkStoreTest, CutBytesNeverComeBack) {
  EXPECT_EQ(this->write(0, std::string(2 * kPageBytes, 's')), Errc::ok);
  EXPECT_EQ(this->cut(10), Errc::ok);
  EXPECT_EQ(this->read(0, 2 * kPageBytes), std::string(10, 's'));
  EXPECT_EQ(this->write(2 * kPageBytes, "z"), Errc::ok);
  EXPECT_EQ(this->read(0, kPageBytes * 2 + 1),
            std::string(10, 's') + std::string(2 * kPageBytes - 10, '\0') + "z");
}

TYPED_TEST(ChunkStoreTest, CutBytesDoNotComeBackThroughAnUnalignedWrite) {
  EXPECT_EQ(this->write(0, std::string(kPageBytes, 's')), Errc::ok);
  EXPECT_EQ(this->cut(10), Errc::ok);
  EXPECT_EQ(this->write(20, "x"), Errc::ok);
  EXPECT_EQ(this->read(0, 100), std::string(10, 's') + std::string(10, '\0') + "x");
  EXPECT_EQ(this->write(kPageBytes - 1, "y"), Errc::ok);
  EXPECT_EQ(this->read(21, kPageBytes), std::string(kPageBytes - 22, '\0') + "y");
}

TYPED_TEST(ChunkStoreTest, ACutNeverMakesAChunkLonger) {
  EXPECT_EQ(this->write(0, "abc"), Errc::ok);
  EXPECT_EQ(this->cut(100), Errc::ok);
  EXPECT_EQ(this->read(0, 100), "abc");
  EXPECT_EQ(this->cut(100, ChunkId{kFile, 9}), Errc::ok);
}

TYPED_TEST(ChunkStoreTest, CuttingToNothingRemovesTheChunkAndFreesItsSpace) {
  EXPECT_EQ(this->write(0, std::string(10 * kPageBytes, 'a')), Errc::ok);
  EXPECT_EQ(this->used(), 10 * kPageBytes);
  EXPECT_EQ(this->cut(kPageBytes + 1), Errc::ok);
  EXPECT_EQ(this->used(), 2 * kPageBytes);
  EXPECT_EQ(this->cut(0), Errc::ok);
  EXPECT_EQ(this->used(), 0u);
  EXPECT_TRUE(this->world_.store->chunks_of(kFile).empty());
}

TYPED_TEST(ChunkStoreTest, ChunksOfAFileAreListedWithTheirEnds) {
  EXPECT_EQ(this->write(5, "abc", ChunkId{kFile, 3}), Errc::ok);
  EXPECT_EQ(this->write(0, "a", ChunkId{kFile, 4}), Errc::ok);
  EXPECT_EQ(this->write(0, "a", ChunkId{FileId{1, 8}, 4}), Errc::ok);
  std::uint64_t ends[5] = {};
  for (const ChunkExtent& chunk : this->world_.store->chunks_of(kFile)) {
    ends[chunk.index] = chunk.end_bytes;
  }
  EXPECT_EQ(ends[3], 8u);
  EXPECT_EQ(ends[4], 1u);
  EXPECT_EQ(this->world_.store->chunks_of(kFile).size(), 2u);
}

TYPED_TEST(ChunkStoreTest, AFullStoreRefusesThatWriteAlone) {
  EXPECT_EQ(this->write(0, std::string(60 * kPageBytes, 'a')), Errc::ok);
  EXPECT_EQ(this->write(50 * kPageBytes, std::string(20 * kPageBytes, 'b')), Errc::no_space);
  EXPECT_EQ(this->used(), 60 * kPageBytes);
  EXPECT_EQ(this->read(50 * kPageBytes, 20 * kPageBytes), std::string(10 * kPageBytes, 'a'));
  EXPECT_EQ(this->write(60 * kPageBytes, std::string(4 * kPageBytes, 'c')), Errc::ok);
  EXPECT_EQ(this->write(0, "d", ChunkId{kFile, 1}), Errc::no_space);
  EXPECT_EQ(this->world_.store->chunks_of(kFile).size(), 1u);
  EXPECT_EQ(this->write(0, "over old pages"), Errc::ok);
  EXPECT_EQ(this->cut(kPageBytes), Errc::ok);
  EXPECT_EQ(this->write(0, "d", ChunkId{kFile, 1}), Errc::ok);
}

TYPED_TEST(ChunkStoreTest, SmallSequentialWritesCanFillTheStoreToItsLastPage) {
  for (std::uint64_t page = 0; page < 64; ++page) {
    const ChunkId id{kFile, page % 3};
    EXPECT_EQ(this->write(page / 3 * kPageBytes, std::string(kPageBytes, 'a'), id), Errc::ok);
    EXPECT_EQ(this->used(), (page + 1) * kPageBytes);
  }
  EXPECT_EQ(this->write(0, "d", ChunkId{kFile, 9}), Errc::no_space);
}

TYPED_TEST(ChunkStoreTest, AWritePastTheLargestChunkIsRefused) {
  EXPECT_EQ(this->write(kChunkMaxBytes - 1, "ab"), Errc::file_too_big);
  EXPECT_EQ(this->write(kChunkMaxBytes - 1, "a"), Errc::ok);
}

TYPED_TEST(ChunkStoreTest, SyncSucceeds) {
  EXPECT_EQ(this->write(0, "abc"), Errc::ok);
  EXPECT_EQ(to_errc(this->world_.loop().run(this->world_.store->sync(kFile))), Errc::ok);
}

TYPED_TEST(ChunkStoreTest, OverlappingOperationsHappenInTheOrderInWhichTheyWereStarted) {
  TaskGroup group;
  ChunkStore& store = *this->world_.store;
  BufferPool& pool = this->world_.pool();
  {
    ReadyQueue::Scope scope(this->world_.loop().ready());
    for (char c = 'a'; c <= 'h'; ++c) {
      group.add(write_text(store, pool, kChunk, 100 * static_cast<unsigned>(c - 'a'),
                           std::string(2 * kPageBytes, c)));
    }
    group.add(cut_to(store, 750));
    group.add(write_text(store, pool, kChunk, 760, "end"));
  }
  const auto join = [](TaskGroup& tasks) -> Task<Status> { co_return co_await tasks.join(); };
  EXPECT_TRUE(this->world_.loop().run(join(group)));
  std::string expected;
  for (char c = 'a'; c <= 'h'; ++c) expected += std::string(100, c);
  expected = expected.substr(0, 750) + std::string(10, '\0') + "end";
  EXPECT_EQ(this->read(0, 2 * kPageBytes), expected);
}

}  // namespace
}  // namespace mayfly
