#include "storage/range_lock.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "async/event_loop.h"
#include "async/poll_sleeper.h"

namespace mayfly {
namespace {

Task<void> lock_once(RangeLock& lock, PageRange pages, LockMode mode,
                     std::optional<RangeLock::Guard>& guard, std::string& order, char name) {
  RangeLock::Guard held = co_await lock.acquire(pages, mode);
  order += name;
  guard.emplace(std::move(held));
}

class RangeLockTest : public ::testing::Test {
 protected:
  struct Request {
    std::optional<RangeLock::Guard> guard;
    Task<void> task;
  };
  Request& request(PageRange pages, LockMode mode, char name) {
    requests_.push_back(std::make_unique<Request>());
    Request& request = *requests_.back();
    ReadyQueue::Scope scope(loop_.ready());
    request.task = lock_once(lock_, pages, mode, request.guard, order_, name);
    request.task.start(nullptr);
    return request;
  }
  void release(Request& request) {
    request.guard.reset();
    while (loop_.poll() != 0) {
    }
  }

  PollSleeper sleeper_;
  EventLoop loop_{sleeper_};
  RangeLock lock_;
  std::string order_;
  std::vector<std::unique_ptr<Request>> requests_;
};

TEST_F(RangeLockTest, ReadersShareAndWritersDoNot) {
  Request& a = request({0, 4}, LockMode::shared, 'a');
  Request& b = request({2, 6}, LockMode::shared, 'b');
  request({3, 4}, LockMode::exclusive, 'c');
  EXPECT_EQ(order_, "ab");
  release(a);
  EXPECT_EQ(order_, "ab");
  release(b);
  EXPECT_EQ(order_, "abc");
}

TEST_F(RangeLockTest, PagesApartDoNotWait) {
  request({0, 4}, LockMode::exclusive, 'a');
  request({4, 8}, LockMode::exclusive, 'b');
  EXPECT_EQ(order_, "ab");
}

TEST_F(RangeLockTest, AReaderDoesNotPassAWaitingWriter) {
  Request& a = request({0, 4}, LockMode::shared, 'a');
  Request& b = request({0, 4}, LockMode::exclusive, 'b');
  request({0, 4}, LockMode::shared, 'c');
  request({8, 9}, LockMode::shared, 'd');
  EXPECT_EQ(order_, "ad");
  release(a);
  EXPECT_EQ(order_, "adb");
  release(b);
  EXPECT_EQ(order_, "adbc");
}

TEST_F(RangeLockTest, AWaiterThatIsDestroyedLetsThoseBehindItGoOn) {
  request({0, 4}, LockMode::shared, 'a');
  Request& b = request({0, 4}, LockMode::exclusive, 'b');
  request({0, 4}, LockMode::shared, 'c');
  b.task.reset();
  release(b);
  EXPECT_EQ(order_, "ac");
}

TEST_F(RangeLockTest, AWaiterThatIsDestroyedAfterTheGrantGivesItBack) {
  Request& a = request({0, 4}, LockMode::exclusive, 'a');
  Request& b = request({0, 4}, LockMode::exclusive, 'b');
  request({0, 4}, LockMode::exclusive, 'c');
  a.guard.reset();
  b.task.reset();
  release(a);
  EXPECT_EQ(order_, "ac");
}

TEST_F(RangeLockTest, RandomUseNeverGrantsAConflictAndEndsWithEverybodyServed) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  struct Wish {
    Request* request;
    PageRange pages;
    LockMode mode;
  };
  std::vector<Wish> wishes;
  for (int step = 0; step < 20'000; ++step) {
    if (wishes.size() < 30 && random() % 2 == 0) {
      const auto begin = static_cast<std::uint32_t>(random() % 40);
      const PageRange pages{begin, begin + 1 + static_cast<std::uint32_t>(random() % 8)};
      const LockMode mode = random() % 2 == 0 ? LockMode::shared : LockMode::exclusive;
      wishes.push_back({&request(pages, mode, 'x'), pages, mode});
    } else if (!wishes.empty()) {
      std::swap(wishes[random() % wishes.size()], wishes.back());
      wishes.back().request->task.reset();
      release(*wishes.back().request);
      wishes.pop_back();
    }
    for (const Wish& one : wishes) {
      for (const Wish& other : wishes) {
        if (&one == &other || !one.request->guard || !other.request->guard) continue;
        const bool both_read = one.mode == LockMode::shared && other.mode == LockMode::shared;
        ASSERT_TRUE(both_read || !one.pages.overlaps(other.pages));
      }
    }
  }
  while (!wishes.empty()) {
    std::erase_if(wishes, [this](Wish& wish) {
      if (!wish.request->guard) return false;
      release(*wish.request);
      return true;
    });
  }
  EXPECT_TRUE(lock_.idle());
}

}  // namespace
}  // namespace mayfly
