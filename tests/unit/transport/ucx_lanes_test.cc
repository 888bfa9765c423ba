#include "transport/ucx_lanes.h"

#include <gtest/gtest.h>

#include "async/deadline.h"
#include "async/poll_sleeper.h"
#include "transport/ucx_address.h"
#include "unit/transport/cpu_time.h"
#include "unit/transport/inbox.h"
#include "unit/transport/transports.h"

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
