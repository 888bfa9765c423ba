#include "transport/ucx_lanes.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "async/deadline.h"
#include "async/poll_sleeper.h"
#include "async/sidestep.h"
#include "transport/ucx_address.h"
#include "unit/transport/cpu_time.h"
#include "unit/transport/inbox.h"
#include "unit/transport/transports.h"
#include "unit/transport/worker_fixture.h"

namespace mayfly {
namespace {

TEST(UcxLanesTest, WhoHasLeftItsLaneIsAnsweredByUcx) {
  Inbox here_inbox;
  Inbox there_inbox;
  const auto here = ucx_worker("posix,cma,self");
  const auto there = ucx_worker("posix,cma,self");
  here->set_receiver(&here_inbox);
  there->set_receiver(&there_inbox);
  const auto turn_until = [&](const auto& condition) {
    for (const TimePoint end = Clock::steady().now() + std::chrono::seconds(20);
         !condition() && Clock::steady().now() < end;) {
      here->poll();
      there->poll();
    }
    return condition();
  };
  auto endpoint = here->connect(there->address());
  ASSERT_TRUE(endpoint);
  (*endpoint)->post_with_reply({});
  ASSERT_TRUE(turn_until([&] { return !there_inbox.messages.empty(); }));
  Endpoint* const back = there_inbox.take().reply_endpoint();
  back->post({});
  ASSERT_TRUE(turn_until([&] { return !here_inbox.messages.empty(); }));
  here_inbox.take();
  ASSERT_TRUE((*endpoint)->take_up_lane());
  (*endpoint)->post({});
  ASSERT_TRUE(turn_until([&] { return !there_inbox.messages.empty(); }));
  there_inbox.take();
  UcxConnection& connection = *static_cast<UcxEndpoint&>(**endpoint).connection();
  (*endpoint)->post(as_header(1));
  static_cast<UcxWorker&>(*here).leave_lane(connection);
  back->post(as_header(2));
  ASSERT_TRUE(turn_until([&] { return !there_inbox.messages.empty(); }));
  EXPECT_EQ(header_as<int>(there_inbox.take()), 1);
  ASSERT_TRUE(turn_until([&] { return !here_inbox.messages.empty(); }));
  EXPECT_EQ(header_as<int>(here_inbox.take()), 2);
}

/// Both on this thread, and so on one core.
class SharedCoreTest : public WorkerTest<UcxSharedLanes> {
 protected:
  /// Whether one of `times` times kYields yields, `apart` from one another, took the thread away.
  bool leaves(Worker& worker, int times, Nanoseconds apart) {
    for (int i = 0; i < times; ++i) {
      for (int poll = 0; poll < 100; ++poll) loop_.poll();
      const int core = current_core();
      for (unsigned yield = 0; yield < Sidestep::kYields; ++yield)
        worker.before_yield(now_ += apart);
      if (current_core() != core) return true;
    }
    return false;
  }
  void SetUp() override {
    connect_both();
    cpu_set_t allowed;
    ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
    if (CPU_COUNT(&allowed) == 1) GTEST_SKIP() << "one core";
  }

 private:
  TimePoint now_{};
};

TEST_F(SharedCoreTest, WhoYieldsToTheOwnerOfItsLaneForManySmallRequestsLeavesItsCore) {
  EXPECT_TRUE(leaves(*here_, 100, std::chrono::microseconds(20)));
}

TEST_F(SharedCoreTest, WhoYieldsNowAndThenStays) {
  // Whether the kernel moves the thread by itself just then is not ours.
  int left = 0;
  for (int i = 0; i < 5; ++i) left += leaves(*here_, 1, std::chrono::microseconds(80)) ? 1 : 0;
  EXPECT_LT(left, 5);
}

TEST_F(SharedCoreTest, OwnersLeaveTheirGuestsInPeace) {
  int left = 0;
  for (int i = 0; i < 5; ++i) left += leaves(*there_, 1, std::chrono::microseconds(20)) ? 1 : 0;
  EXPECT_LT(left, 5);
}

TEST(UcxLanesTest, AStrangersDatagramDoesNotKeepAnIdleLoopAwake) {
  const auto worker = ucx_worker("posix,cma,self");
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  loop.add(*worker);
  const auto stranger = WakeSocket::open();
  ASSERT_TRUE(stranger && stranger->wake(unseal_address(worker->address())->wake_name));
  const auto idle = [](EventLoop& sleeping) -> Task<void> {
    co_await sleep_for(sleeping, std::chrono::seconds(1));
  };
  const Nanoseconds before = cpu_time();
  loop.run(idle(loop));
  EXPECT_LT(cpu_time() - before, std::chrono::milliseconds(100));
}

}  // namespace
}  // namespace mayfly
