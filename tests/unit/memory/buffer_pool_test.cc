#include "memory/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "async/event_loop.h"
#include "async/poll_sleeper.h"

namespace mayfly {
namespace {

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};

/// Takes one Buffer and keeps it.
struct Holder {
  Buffer buffer;
  Task<void> task;
};

class BufferPoolTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBytes = 2 * kMiB;
  static Task<void> take(BufferPool& pool, Holder& holder, std::vector<int>& order, int number) {
    holder.buffer = co_await pool.acquire(BufferClass::small);
    order.push_back(number);
  }
  Holder& start(int number) {
    holders_.push_back(std::make_unique<Holder>());
    Holder& holder = *holders_.back();
    ReadyQueue::Scope scope(loop_.ready());
    holder.task = take(pool_, holder, order_, number);
    holder.task.start(nullptr);
    return holder;
  }
  void settle() {
    while (loop_.poll() != 0) {
    }
  }
  std::size_t free() const { return pool_.free(BufferClass::small); }

  std::unique_ptr<std::byte, FreeMemory> memory_{
      static_cast<std::byte*>(std::aligned_alloc(kPageBytes, kBytes))};
  BufferPool pool_{{memory_.get(), kBytes}, {1, 4, 2}};
  PollSleeper sleeper_;
  EventLoop loop_{sleeper_};
  std::vector<int> order_;
  std::vector<std::unique_ptr<Holder>> holders_;
};

TEST_F(BufferPoolTest, BuffersAreAlignedAndDoNotOverlap) {
  std::vector<Buffer> buffers;
  for (const BufferClass c : {BufferClass::large, BufferClass::small, BufferClass::page}) {
    while (Buffer buffer = pool_.try_acquire(c)) buffers.push_back(std::move(buffer));
  }
  ASSERT_EQ(buffers.size(), 7u);
  std::set<std::byte*> pages;
  for (const Buffer& buffer : buffers) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % kPageBytes, 0u);
    EXPECT_EQ(buffer.data() - memory_.get(), static_cast<std::ptrdiff_t>(buffer.slab_offset()));
    for (std::size_t at = 0; at < buffer.size(); at += kPageBytes) {
      EXPECT_TRUE(pages.insert(buffer.data() + at).second);
    }
  }
}

TEST_F(BufferPoolTest, TheWarmBufferIsLentFirst) {
  std::byte* data = nullptr;
  {
    const Buffer first = pool_.try_acquire(BufferClass::small);
    const Buffer second = pool_.try_acquire(BufferClass::small);
    data = first.data();
  }
  EXPECT_EQ(pool_.try_acquire(BufferClass::small).data(), data);
}

TEST_F(BufferPoolTest, ThousandsOfWaitersAreServedInOrder) {
  for (int i = 0; i < 5000; ++i) start(i);
  EXPECT_EQ(order_.size(), 4u);
  for (std::size_t i = 0; i < holders_.size(); ++i) {
    ASSERT_TRUE(holders_[i]->buffer) << i;
    holders_[i]->buffer = Buffer();
    settle();
  }
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(order_[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(free(), 4u);
}

TEST_F(BufferPoolTest, NobodyBargesInBetweenHandoffAndResumption) {
  for (int i = 0; i < 5; ++i) start(i);
  holders_[0]->buffer = Buffer();
  EXPECT_FALSE(pool_.try_acquire(BufferClass::small));
  start(5);
  settle();
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(BufferPoolTest, AWaiterThatIsDestroyedIsPassedOver) {
  for (int i = 0; i < 7; ++i) start(i);
  holders_[5]->task.reset();
  holders_[0]->buffer = Buffer();
  holders_[1]->buffer = Buffer();
  settle();
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2, 3, 4, 6}));
}

TEST_F(BufferPoolTest, AWaiterThatIsDestroyedAfterTheHandoffPassesTheBufferOn) {
  for (int i = 0; i < 6; ++i) start(i);
  holders_[0]->buffer = Buffer();
  holders_[4]->task.reset();
  settle();
  EXPECT_EQ(order_, (std::vector<int>{0, 1, 2, 3, 5}));
  holders_[1]->buffer = Buffer();
  EXPECT_EQ(free(), 1u);
}

TEST_F(BufferPoolTest, ClassesDoNotWaitForEachOther) {
  for (int i = 0; i < 5; ++i) start(i);
  EXPECT_TRUE(pool_.try_acquire(BufferClass::large));
  EXPECT_TRUE(pool_.try_acquire(BufferClass::page));
}

/// Against a model: a queue of wishes, four Buffers, grants in order.
TEST_F(BufferPoolTest, RandomUseAndCancellationAgreeWithAModel) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  std::vector<Holder*> holding;
  std::vector<Holder*> waiting;
  for (int step = 0; step < 100'000; ++step) {
    const std::uint64_t kind = random() % 4;
    if (kind == 0 && waiting.size() < 50) {
      Holder& holder = start(step);
      (holding.size() < 4 ? holding : waiting).push_back(&holder);
    } else if (kind == 1 && !holding.empty()) {
      const auto at = holding.begin() + static_cast<std::ptrdiff_t>(random() % holding.size());
      (*at)->task.reset();
      (*at)->buffer = Buffer();
      holding.erase(at);
    } else if (kind == 2 && !waiting.empty()) {
      const auto at = waiting.begin() + static_cast<std::ptrdiff_t>(random() % waiting.size());
      (*at)->task.reset();
      waiting.erase(at);
    } else {
      settle();
      for (const Holder* holder : holding) ASSERT_TRUE(holder->buffer);
      for (const Holder* holder : waiting) ASSERT_FALSE(holder->buffer);
    }
    while (holding.size() < 4 && !waiting.empty()) {
      holding.push_back(waiting.front());
      waiting.erase(waiting.begin());
    }
    ASSERT_EQ(free(), 4 - holding.size());
  }
  holders_.clear();
  EXPECT_EQ(free(), 4u);
}

void end_with_a_lent_buffer() {
  std::unique_ptr<std::byte, FreeMemory> memory(
      static_cast<std::byte*>(std::aligned_alloc(kPageBytes, 2 * kMiB)));
  Buffer buffer;
  BufferPool pool({memory.get(), 2 * kMiB}, {1, 1, 1});
  buffer = pool.try_acquire(BufferClass::page);
}

TEST(BufferPoolDeathTest, EndingWithALentBufferAborts) {
  EXPECT_DEATH(end_with_a_lent_buffer(), "free_");
}

/// A pool of four large Buffers, two of which may be cut.
class CutPoolTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBytes = 5 * kMiB;
  static constexpr std::size_t kPages = 256;
  std::vector<Buffer> take_all(BufferClass size_class) {
    std::vector<Buffer> taken;
    while (Buffer buffer = pool_.try_acquire(size_class)) taken.push_back(std::move(buffer));
    return taken;
  }

  std::unique_ptr<std::byte, FreeMemory> memory_{
      static_cast<std::byte*>(std::aligned_alloc(kPageBytes, kBytes))};
  BufferPool pool_{{memory_.get(), kBytes}, {4, 1, 2}};
};

TEST_F(CutPoolTest, HalfOfTheLargeBuffersBecomePagesAndAreWholeAgainAfterwards) {
  EXPECT_EQ(pool_.most(BufferClass::page), 2 + 2 * kPages);
  auto pages = take_all(BufferClass::page);
  EXPECT_EQ(pages.size(), 2 + 2 * kPages);
  EXPECT_EQ(pool_.total(BufferClass::large), 2U);
  std::set<std::byte*> places;
  for (const Buffer& page : pages) {
    EXPECT_GE(page.data(), memory_.get());
    EXPECT_LE(page.data() + kPageBytes, memory_.get() + kBytes);
    EXPECT_TRUE(places.insert(page.data()).second);
  }
  const auto large = take_all(BufferClass::large);
  ASSERT_EQ(large.size(), 2U);
  for (const Buffer& buffer : large) {
    const auto inside = places.lower_bound(buffer.data());
    EXPECT_TRUE(inside == places.end() || *inside >= buffer.data() + kMiB);
  }
  pages.clear();
  EXPECT_EQ(pool_.total(BufferClass::large), 4U);
  EXPECT_EQ(pool_.free(BufferClass::large), 2U);
  EXPECT_EQ(pool_.free(BufferClass::page), 2U);
}

TEST_F(CutPoolTest, BothSmallClassesShareWhatMayBeCut) {
  const auto small = take_all(BufferClass::small);
  EXPECT_EQ(small.size(), 1 + 2 * kMiB / (16 * kKiB));
  EXPECT_EQ(take_all(BufferClass::page).size(), 2U);
}

TEST_F(CutPoolTest, OnePieceThatIsLentKeepsItsBufferCut) {
  auto pages = take_all(BufferClass::page);
  Buffer kept = std::move(pages[2 + kPages / 2]);
  pages.clear();
  EXPECT_EQ(pool_.total(BufferClass::large), 3U);
  EXPECT_EQ(pool_.free(BufferClass::page), 2 + kPages - 1);
  // It is used before another is cut.
  EXPECT_EQ(take_all(BufferClass::page).size(), 2 + kPages - 1 + kPages);
  kept = Buffer();
  EXPECT_EQ(pool_.total(BufferClass::large), 4U);
}

TEST_F(CutPoolTest, NoneIsCutWhileNoneIsFree) {
  auto large = take_all(BufferClass::large);
  const auto pages = take_all(BufferClass::page);
  EXPECT_EQ(pages.size(), 2U);
  EXPECT_FALSE(pool_.has_room(BufferClass::page));
  large.pop_back();
  EXPECT_TRUE(pool_.has_room(BufferClass::page));
}

TEST_F(BufferPoolTest, WhoWaitsForASmallBufferGetsAPieceOfALargeOneThatComesFree) {
  const std::unique_ptr<std::byte, FreeMemory> memory(
      static_cast<std::byte*>(std::aligned_alloc(kPageBytes, 4 * kMiB)));
  BufferPool pool({memory.get(), 4 * kMiB}, {2, 1, 1});
  const Buffer small = pool.try_acquire(BufferClass::small);
  std::vector<Buffer> large;
  while (Buffer buffer = pool.try_acquire(BufferClass::large)) large.push_back(std::move(buffer));
  Holder first;
  Holder second;
  {
    ReadyQueue::Scope scope(loop_.ready());
    first.task = take(pool, first, order_, 1);
    first.task.start(nullptr);
    second.task = take(pool, second, order_, 2);
    second.task.start(nullptr);
  }
  settle();
  EXPECT_FALSE(first.buffer);
  const std::byte* const whole = large.back().data();
  large.pop_back();
  settle();
  EXPECT_EQ(first.buffer.data(), whole);
  EXPECT_EQ(second.buffer.data(), whole + 16 * kKiB);
}

}  // namespace
}  // namespace mayfly
