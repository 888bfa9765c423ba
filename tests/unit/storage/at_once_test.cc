// DiskChunkStore: what is done before the call returns, and what is not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

constexpr FileId kFile{1, 7};
constexpr ChunkId kChunk{kFile, 0};

class AtOnceTest : public ::testing::Test {
 protected:
  void write(std::uint64_t offset, std::string text) {
    ASSERT_TRUE(world_.loop().run(write_bytes(*world_.store, kChunk, offset, std::move(text))));
  }
  std::string read(std::size_t length, ChunkId id) {
    auto text = world_.loop().run(read_text(*world_.store, world_.pool(), id, 0, length));
    return text ? *text : "error: " + describe(text.error());
  }
  bool try_write(ChunkId id) {
    ReadyQueue::Scope scope(world_.loop().ready());
    const auto taken = world_.store->try_write(id, 5, std::as_bytes(std::span(kText)));
    return taken && *taken;
  }
  std::optional<Loan> try_lend(std::size_t length) {
    ReadyQueue::Scope scope(world_.loop().ready());
    return world_.store->try_lend(kChunk, 3, length);
  }

  const std::string kText = "hello, all";
  DiskFixture world_{256 * kPageBytes};
};

TEST_F(AtOnceTest, WhatIsInMemoryIsLentAndWrittenTo) {
  write(0, std::string(3 * kPageBytes, 'o'));
  EXPECT_TRUE(try_write(kChunk));
  const auto loan = try_lend(2 * kPageBytes);
  ASSERT_TRUE(loan);
  EXPECT_EQ(loan->bytes, 2 * kPageBytes);
  const auto* const text = reinterpret_cast<const char*>(loan->memory.data()) + loan->at;
  EXPECT_EQ(std::string(text, 13), "oo" + kText + "o");
}

TEST_F(AtOnceTest, WhatHasToWaitIsNotDoneAndLeavesNothingBehind) {
  write(0, std::string(17 * kPageBytes, 'o'));
  ASSERT_TRUE(world_.loop().run(world_.store->sync(kFile)));
  world_.empty_memory();
  EXPECT_FALSE(try_write(kChunk)) << "the rest of its page is on the drive";
  EXPECT_FALSE(try_lend(5)) << "it is on the drive";
  const std::string other(16 * kPageBytes - 2, 'n');
  Task<Result<std::uint64_t>> writing =
      world_.store->write(kChunk, 1, std::as_bytes(std::span(other)));
  {
    ReadyQueue::Scope scope(world_.loop().ready());
    writing.start(nullptr);
  }
  EXPECT_FALSE(writing.done());
  EXPECT_FALSE(try_write(kChunk)) << "another one writes there";
  while (!writing.done()) world_.loop().run_once();
  {
    std::vector<Buffer> all;
    ReadyQueue::Scope scope(world_.loop().ready());
    for (const BufferClass c : {BufferClass::large, BufferClass::small, BufferClass::page}) {
      while (Buffer buffer = world_.pool().try_acquire(c)) all.push_back(std::move(buffer));
    }
    EXPECT_FALSE(try_write({kFile, 1})) << "there is no memory for it";
  }
  EXPECT_EQ(world_.store->chunks_of(kFile).size(), 1U);
  EXPECT_EQ(world_.store->usage().used_bytes, 17 * kPageBytes);
  EXPECT_TRUE(try_write({kFile, 1}));
  EXPECT_EQ(read(20, kChunk), "o" + std::string(19, 'n'));
  EXPECT_EQ(read(20, {kFile, 1}), std::string(5, '\0') + kText);
}

TEST_F(AtOnceTest, AFileIsNotRemovedWhileItIsWorkedWith) {
  const auto try_remove = [&] {
    ReadyQueue::Scope scope(world_.loop().ready());
    return world_.store->try_remove(kFile);
  };
  const auto begin = [&](auto& task) {
    ReadyQueue::Scope scope(world_.loop().ready());
    task.start(nullptr);
    ASSERT_FALSE(task.done());
  };
  write(0, std::string(17 * kPageBytes, 'o'));
  Task<Status> syncing = world_.store->sync(kFile);
  begin(syncing);
  EXPECT_FALSE(try_remove()) << "it is on its way to the drive";
  while (!syncing.done()) world_.loop().run_once();
  world_.empty_memory();
  const std::string other(2 * kPageBytes, 'n');
  Task<Result<std::uint64_t>> writing =
      world_.store->write(kChunk, 1, std::as_bytes(std::span(other)));
  begin(writing);
  EXPECT_FALSE(try_remove()) << "somebody writes to it";
  while (!writing.done()) world_.loop().run_once();
  EXPECT_EQ(read(3, kChunk), "onn");
  EXPECT_TRUE(try_remove());
  EXPECT_EQ(read(3, kChunk), "");
  EXPECT_EQ(world_.store->usage().used_bytes, 0U);
  EXPECT_TRUE(world_.store->check());
}

}  // namespace
}  // namespace mayfly
