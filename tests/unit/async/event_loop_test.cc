// How the loop rests: what it does about sources that will not be armed, and about its timers.
#include "async/event_loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "async/deadline.h"
#include "async/poll_sleeper.h"
#include "async/time_slice.h"

namespace mayfly {
namespace {

/// Has nothing to do and yet refuses to be armed, as UCX while a peer's queue is full.
class RefusingSource final : public EventSource {
 public:
  std::size_t poll() override {
    ++polls;
    return 0;
  }
  bool arm() override { return false; }
  int event_fd() const override { return fd; }
  std::uint64_t polls = 0;
  int fd = -1;
};

Task<void> nap(EventLoop& loop, Nanoseconds time) { co_await sleep_for(loop, time); }

TEST(EventLoopTest, ASourceThatRefusesToBeArmedDoesNotKeepTheCoreBusy) {
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  RefusingSource source;
  loop.add(source);
  loop.run(nap(loop, std::chrono::milliseconds(300)));
  // A busy loop makes millions of turns in that time.
  EXPECT_LT(source.polls, 5000U);
}

TEST(EventLoopTest, NorDoesOneWhoseDescriptorStaysReadableMeanwhile) {
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  RefusingSource source;
  source.fd = ::eventfd(1, EFD_CLOEXEC);
  loop.add(source);
  loop.run(nap(loop, std::chrono::milliseconds(300)));
  EXPECT_LT(source.polls, 5000U);
  ::close(source.fd);
}

class Bed final : public Sleeper {
 public:
  void sleep(std::span<const int>, Nanoseconds) override { has_slept = true; }
  bool has_slept = false;
};

/// Nothing is known of a core at first, so it counts as wanted by others. Whether the loop yields
/// shows in what it asks of the kernel before, once for each thread.
TEST(EventLoopTest, YieldsOnACoreThatOthersWantBeforeItSleeps) {
  std::thread([] {
    if (!time_slice()) GTEST_SKIP() << "this kernel does not tell time slices";
    Bed bed;
    EventLoop loop(bed);
    while (!bed.has_slept) loop.run_once();
    EXPECT_EQ(time_slice(), kShortestTimeSlice);
  }).join();
}

TEST(EventLoopTest, TellsItsSourcesBeforeItYields) {
  class Told final : public EventSource {
   public:
    std::size_t poll() override { return 0; }
    bool arm() override { return true; }
    int event_fd() const override { return -1; }
    void before_yield(TimePoint now) override { times.push_back(now); }
    std::vector<TimePoint> times;
  } source;
  Bed bed;
  EventLoop loop(bed);
  loop.add(source);
  const TimePoint begin = loop.now();
  while (!bed.has_slept) loop.run_once();
  ASSERT_FALSE(source.times.empty());
  EXPECT_GE(source.times.front(), begin);
  EXPECT_TRUE(std::is_sorted(source.times.begin(), source.times.end()));
  EXPECT_LE(source.times.back(), loop.now());
}

TEST(EventLoopTest, TimersFireInTheOrderOfTheirTimesAndNoneEarly) {
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  std::vector<int> order;
  const TimePoint begin = loop.now();
  struct Mark {
    std::vector<int>& order;
    int number;
  };
  Mark late{order, 2};
  Mark early{order, 1};
  const auto note = [](void* mark) {
    auto& noted = *static_cast<Mark*>(mark);
    noted.order.push_back(noted.number);
  };
  Timer second(loop, note, &late);
  Timer first(loop, note, &early);
  second.arm(begin + std::chrono::milliseconds(20));
  first.arm(begin + std::chrono::milliseconds(10));
  while (order.size() < 2) loop.run_once();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_GE(loop.now() - begin, std::chrono::milliseconds(20));
}

TEST(EventLoopTest, ATimerFiresAlsoWhileTheLoopIsAlwaysBusy) {
  class BusySource final : public EventSource {
   public:
    std::size_t poll() override { return 1; }
    bool arm() override { return true; }
    int event_fd() const override { return -1; }
  } source;
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  loop.add(source);
  loop.run(nap(loop, std::chrono::milliseconds(5)));
}

}  // namespace
}  // namespace mayfly
