#include "storage/extent_allocator.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace mayfly {
namespace {

TEST(ExtentAllocatorTest, HasNothingBeforeTheFileHasGrown) {
  ExtentAllocator allocator;
  EXPECT_FALSE(allocator.allocate(1));
  EXPECT_FALSE(allocator.allocate_largest(1));
}

TEST(ExtentAllocatorTest, BlocksUsedBeforeAreTheFirstToBeUsedAgain) {
  ExtentAllocator allocator;
  allocator.extend_to(1024);
  const Extent first = *allocator.allocate(16);
  const Extent second = *allocator.allocate(16);
  allocator.free(second);
  EXPECT_EQ(allocator.allocate(16), second);
  allocator.free(first);
  EXPECT_EQ(allocator.allocate(4)->page, first.page);
}

TEST(ExtentAllocatorTest, FreedNeighboursMergeIntoTheLargestBlock) {
  ExtentAllocator allocator;
  allocator.extend_to(FreeBlocks::kLargestPages);
  std::vector<Extent> extents;
  while (auto extent = allocator.allocate(1)) extents.push_back(*extent);
  EXPECT_EQ(extents.size(), FreeBlocks::kLargestPages);
  for (const Extent& extent : extents) allocator.free(extent);
  EXPECT_EQ(allocator.allocate(FreeBlocks::kLargestPages), (Extent{0, FreeBlocks::kLargestPages}));
}

TEST(ExtentAllocatorTest, TheRestOfABlockStaysFree) {
  ExtentAllocator allocator;
  allocator.extend_to(16);
  EXPECT_EQ(allocator.allocate(11), (Extent{0, 11}));
  EXPECT_EQ(allocator.free_pages(), 5u);
  EXPECT_EQ(allocator.allocate(4), (Extent{12, 4}));
  EXPECT_EQ(allocator.allocate(1), (Extent{11, 1}));
  EXPECT_EQ(allocator.free_pages(), 0u);
}

TEST(ExtentAllocatorTest, ScatteredSpaceIsGivenLargestFirst) {
  ExtentAllocator allocator;
  allocator.extend_to(10);
  EXPECT_FALSE(allocator.allocate(10));
  EXPECT_EQ(allocator.allocate_largest(10), (Extent{0, 8}));
  EXPECT_EQ(allocator.allocate_largest(10), (Extent{8, 2}));
  EXPECT_FALSE(allocator.allocate_largest(10));
}

/// Every page is in at most one extent, and the counts are right, whatever is done.
TEST(ExtentAllocatorTest, RandomUseNeverGivesAPageTwice) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  ExtentAllocator allocator;
  std::vector<bool> used(21'000);
  std::vector<Extent> extents;
  std::uint64_t used_pages = 0;
  std::uint64_t total = 0;
  for (int step = 0; step < 100'000; ++step) {
    if (random() % 2000 == 0 && total < 20'000) allocator.extend_to(total += 777);
    if (random() % 2 == 0) {
      const std::uint64_t wanted = 1 + random() % (std::uint64_t{1} << random() % 10);
      const auto extent =
          random() % 4 == 0 ? allocator.allocate_largest(wanted) : allocator.allocate(wanted);
      if (!extent) continue;
      for (std::uint64_t i = 0; i < extent->pages; ++i) {
        ASSERT_FALSE(used[extent->page + i]);
        used[extent->page + i] = true;
      }
      used_pages += extent->pages;
      extents.push_back(*extent);
    } else if (!extents.empty()) {
      std::swap(extents[random() % extents.size()], extents.back());
      const Extent whole = extents.back();
      extents.pop_back();
      const std::uint64_t kept = random() % 2 == 0 ? 0 : random() % whole.pages;
      const Extent part{whole.page + kept, whole.pages - kept};
      allocator.free(part);
      for (std::uint64_t i = 0; i < part.pages; ++i) used[part.page + i] = false;
      used_pages -= part.pages;
      if (kept != 0) extents.push_back({whole.page, kept});
    }
    ASSERT_EQ(allocator.used_pages(), used_pages);
  }
  for (const Extent& extent : extents) allocator.free(extent);
  EXPECT_EQ(allocator.free_pages(), total);
}

TEST(ExtentAllocatorDeathTest, FreeingTwiceAborts) {
  ExtentAllocator allocator;
  allocator.extend_to(16);
  const Extent extent = *allocator.allocate(1);
  ASSERT_TRUE(allocator.allocate(8));
  allocator.free(extent);
  EXPECT_DEATH(allocator.free(extent), "is_new");
}

}  // namespace
}  // namespace mayfly
