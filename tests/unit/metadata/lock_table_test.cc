#include "metadata/lock_table.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "metadata/wait_graph.h"

namespace mayfly {
namespace {

constexpr LockOwner kA{1, 0};
constexpr LockOwner kB{2, 0};
constexpr LockOwner kC{3, 0};

Lock lock(LockOwner owner, std::uint64_t begin, std::uint64_t last,
          LockType type = LockType::exclusive) {
  Lock result;
  result.owner = owner;
  result.begin = begin;
  result.last = last;
  result.type = type;
  result.connection = owner.client;
  return result;
}

TEST(LockTableTest, SharedLocksDoNotExcludeEachOtherAndExclusiveOnesAll) {
  LockTable table;
  table.set(lock(kA, 10, 19, LockType::shared));
  EXPECT_EQ(table.conflict(lock(kB, 15, 30, LockType::shared)), nullptr);
  ASSERT_NE(table.conflict(lock(kB, 15, 30)), nullptr);
  EXPECT_EQ(table.conflict(lock(kB, 15, 30))->owner, kA);
  EXPECT_EQ(table.conflict(lock(kB, 20, 30)), nullptr);
  EXPECT_EQ(table.conflict(lock(kA, 0, 100)), nullptr);
  table.set(lock(kC, 0, 100, LockType::shared));
  EXPECT_EQ(table.blockers(lock(kB, 15, 30)), (std::vector<LockOwner>{kA, kC}));
}

TEST(LockTableTest, UnlockingTheMiddleLeavesBothEnds) {
  LockTable table;
  table.set(lock(kA, 0, ~std::uint64_t{0}));
  table.set(lock(kA, 10, 19, LockType::none));
  EXPECT_EQ(table.locks().size(), 2U);
  EXPECT_NE(table.conflict(lock(kB, 9, 9)), nullptr);
  EXPECT_EQ(table.conflict(lock(kB, 10, 19)), nullptr);
  EXPECT_NE(table.conflict(lock(kB, 20, 20)), nullptr);
}

TEST(LockTableTest, NeighboursOfOneTypeBecomeOne) {
  LockTable table;
  table.set(lock(kA, 0, 9));
  table.set(lock(kA, 20, 29));
  table.set(lock(kA, 10, 19));
  EXPECT_EQ(table.locks().size(), 1U);
  table.set(lock(kA, 10, 19, LockType::shared));
  EXPECT_EQ(table.locks().size(), 3U);
}

TEST(LockTableTest, AConnectionsLocksGoTogether) {
  LockTable table;
  table.set(lock(kA, 0, 9));
  table.set(lock(kB, 10, 19));
  table.set(lock(kA, 20, 29));
  EXPECT_TRUE(table.release(kA.client));
  EXPECT_EQ(table.locks().size(), 1U);
  EXPECT_FALSE(table.release(kA.client));
}

/// Each byte of a small file on its own.
TEST(LockTableTest, RandomLocksAreThoseOfAModelByByte) {
  constexpr std::uint64_t kBytes = 24;
  std::mt19937 random(5);
  std::array<std::array<LockType, kBytes>, 3> model;
  for (auto& bytes : model) bytes.fill(LockType::none);
  LockTable table;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t owner = random() % 3;
    const std::uint64_t begin = random() % kBytes;
    const std::uint64_t last = begin + random() % (kBytes - begin);
    const auto type = static_cast<LockType>(random() % 3);
    const Lock wanted = lock({owner + 1, 0}, begin, last, type);
    bool is_free = true;
    for (std::uint64_t other = 0; other < 3; ++other) {
      for (std::uint64_t byte = begin; byte <= last && other != owner; ++byte) {
        const LockType held = model[other][byte];
        if (held == LockType::none || type == LockType::none) continue;
        is_free &= held == LockType::shared && type == LockType::shared;
      }
    }
    if (type != LockType::none) {
      ASSERT_EQ(table.conflict(wanted) == nullptr, is_free) << step;
    }
    if (!is_free) continue;
    table.set(wanted);
    for (std::uint64_t byte = begin; byte <= last; ++byte) model[owner][byte] = type;
    for (std::uint64_t byte = 0; byte < kBytes; ++byte) {
      const Lock probe = lock({9, 0}, byte, byte);
      std::size_t holders = 0;
      for (const auto& bytes : model) holders += bytes[byte] != LockType::none ? 1 : 0;
      ASSERT_EQ(table.blockers(probe).size(), holders) << step;
    }
  }
}

TEST(WaitGraphTest, AWaitThatClosesACircleIsRefusedAndLeavesNoTrace) {
  WaitGraph graph;
  EXPECT_TRUE(graph.update(1, kA, {kB}));
  EXPECT_TRUE(graph.update(2, kB, {kC}));
  EXPECT_FALSE(graph.update(3, kC, {kA}));
  EXPECT_EQ(graph.size(), 2U);
  EXPECT_TRUE(graph.update(2, kB, {}));
  EXPECT_TRUE(graph.update(3, kC, {kA}));
  EXPECT_FALSE(graph.update(2, kB, {kC}));
}

TEST(WaitGraphTest, AWaitForManyIsAWaitForEach) {
  WaitGraph graph;
  EXPECT_TRUE(graph.update(1, kA, {kB, kC}));
  EXPECT_FALSE(graph.update(2, kC, {kA}));
  EXPECT_FALSE(graph.update(2, kB, {kA}));
  EXPECT_TRUE(graph.update(1, kA, {kB}));
  EXPECT_TRUE(graph.update(2, kC, {kA}));
  EXPECT_FALSE(graph.update(4, kA, {kA}));
}

}  // namespace
}  // namespace mayfly
