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

}  // namespace
}  // namespace mayfly
