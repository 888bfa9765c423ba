#include "async/task.h"

#include <gtest/gtest.h>

#include <memory>

#include "async/completion.h"
#include "async/deadline.h"
#include "async/event_loop.h"
#include "async/gate.h"
#include "async/poll_sleeper.h"
#include "async/semaphore.h"
#include "async/task_group.h"

namespace mayfly {
namespace {

class TaskTest : public ::testing::Test {
 protected:
  PollSleeper sleeper_;
  EventLoop loop_{sleeper_};
};

Task<int> immediately(int value) { co_return value; }

Task<long> sum_of(int count) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await immediately(i);
  co_return sum;
}

TEST_F(TaskTest, AMillionChildrenThatFinishAtOnceDoNotOverflowTheStack) {
  EXPECT_EQ(loop_.run(sum_of(1'000'000)), 499'999'500'000);
}

Task<int> result_of(Completion& completion) { co_return static_cast<int>(co_await completion); }
Task<int> twice(Completion& completion) { co_return 2 * co_await result_of(completion); }

Task<void> complete_later(EventLoop& loop, Completion& completion, int value) {
  co_await sleep_for(loop, std::chrono::milliseconds(1));
  completion.complete(value);
}

TEST_F(TaskTest, AParentGoesOnWhenItsChildsCompletionCompletes) {
  Completion completion;
  loop_.spawn(complete_later(loop_, completion, 21));
  EXPECT_EQ(loop_.run(twice(completion)), 42);
}

struct Tracked {
  explicit Tracked(int& count) : count_(&count) { ++*count_; }
  Tracked(Tracked&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Tracked& operator=(Tracked&&) = delete;
  ~Tracked() {
    if (count_ != nullptr) --*count_;
  }
  int* count_;
};

Task<void> hold(Completion& completion, Tracked tracked) {
  co_await completion;
  (void)tracked;
}

TEST_F(TaskTest, DestroyingASuspendedTaskDestroysWhatItHoldsAndForgetsItsWaiter) {
  int alive = 0;
  Completion completion;
  {
    Tracked tracked(alive);
    Task<void> task = hold(completion, std::move(tracked));
    ReadyQueue::Scope scope(loop_.ready());
    task.start(nullptr);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  completion.complete(0);
  loop_.poll();
}

TEST_F(TaskTest, DestroyingATaskThatIsReadyTakesItOffTheReadyQueue) {
  Completion completion;
  int alive = 0;
  Tracked tracked(alive);
  Task<void> task = hold(completion, std::move(tracked));
  {
    ReadyQueue::Scope scope(loop_.ready());
    task.start(nullptr);
  }
  completion.complete(0);
  task.reset();
  loop_.poll();
  EXPECT_EQ(alive, 0);
}

Task<Result<int>> never(Completion& completion) { co_return static_cast<int>(co_await completion); }

Task<Result<int>> with_deadline(EventLoop& loop, Completion& completion, Nanoseconds limit) {
  Task<Result<int>> task = never(completion);
  Deadline<int> deadline(loop, loop.now() + limit, std::move(task));
  co_return co_await deadline;
}

TEST_F(TaskTest, ADeadlineCancelsTheTaskAndSaysTimedOut) {
  Completion completion;
  const Result<int> result =
      loop_.run(with_deadline(loop_, completion, std::chrono::milliseconds(2)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Errc::timed_out);
}

TEST_F(TaskTest, ADeadlineThatIsMetGivesTheResult) {
  Completion completion;
  loop_.spawn(complete_later(loop_, completion, 7));
  const Result<int> result = loop_.run(with_deadline(loop_, completion, std::chrono::seconds(10)));
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 7);
}

Task<Status> fail_with(Completion& completion) {
  const auto code = static_cast<int>(co_await completion);
  if (code != 0) co_return errc_from(code);
  co_return Status();
}

Task<Status> join_three(Completion& a, Completion& b, Completion& c) {
  TaskGroup group;
  group.add(fail_with(a));
  group.add(fail_with(b));
  group.add(fail_with(c));
  co_return co_await group.join();
}

TEST_F(TaskTest, AGroupWaitsForAllAndGivesTheFirstErrorInOrderOfArrival) {
  Completion a;
  Completion b;
  Completion c;
  a.complete(0);
  loop_.spawn(complete_later(loop_, b, ENOSPC));
  loop_.spawn(complete_later(loop_, c, EIO));
  EXPECT_EQ(to_errc(loop_.run(join_three(a, b, c))), Errc::no_space);
}

Task<void> take_and_log(Semaphore& semaphore, std::uint64_t count, int name, std::string& log) {
  auto permit = co_await semaphore.acquire(count);
  log += static_cast<char>('0' + name);
}

TEST_F(TaskTest, ASemaphoreServesItsWaitersInOrderEvenIfALaterOneWouldFit) {
  Semaphore semaphore(2);
  std::string log;
  {
    ReadyQueue::Scope scope(loop_.ready());
    auto held = loop_.run([](Semaphore& s) -> Task<Semaphore::Permit> {
      co_return co_await s.acquire(1);
    }(semaphore));
    loop_.spawn(take_and_log(semaphore, 2, 1, log));
    loop_.spawn(take_and_log(semaphore, 1, 2, log));
    loop_.poll();
    EXPECT_EQ(log, "");
  }
  while (loop_.poll() != 0) {
  }
  EXPECT_EQ(log, "12");
  EXPECT_EQ(semaphore.available(), 2U);
}

TEST_F(TaskTest, CancellingTheFirstWaiterLetsTheNextOneThrough) {
  Semaphore semaphore(2);
  std::string log;
  ReadyQueue::Scope scope(loop_.ready());
  Semaphore::Permit held = loop_.run(
      [](Semaphore& s) -> Task<Semaphore::Permit> { co_return co_await s.acquire(1); }(semaphore));
  Task<void> first = take_and_log(semaphore, 2, 1, log);
  first.start(nullptr);
  loop_.spawn(take_and_log(semaphore, 1, 2, log));
  first.reset();
  while (loop_.poll() != 0) {
  }
  EXPECT_EQ(log, "2");
}

Task<void> wait_closed(Gate& gate, bool& closed) {
  co_await gate.closed();
  closed = true;
}

TEST_F(TaskTest, AGateClosesWhenTheLastHasLeft) {
  Gate gate;
  bool closed = false;
  {
    auto pass = gate.enter();
    ASSERT_TRUE(pass);
    loop_.spawn(wait_closed(gate, closed));
    EXPECT_FALSE(gate.enter());
    loop_.poll();
    EXPECT_FALSE(closed);
  }
  loop_.poll();
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace mayfly
