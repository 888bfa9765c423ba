#include "transport/ucx_lanes.h"

#include <gtest/gtest.h>

#include "async/deadline.h"
#include "async/poll_sleeper.h"
#include "transport/ucx_address.h"
#include "unit/transport/cpu_time.h"
#include "unit/transport/transports.h"

namespace mayfly {
namespace {

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
