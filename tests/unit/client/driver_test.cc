// How threads take turns with a session's loop.
#include "client/driver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "async/deadline.h"

namespace mayfly {
namespace {

Task<void> nothing() { co_return; }
Task<void> nap(EventLoop& loop) { co_await sleep_for(loop, std::chrono::milliseconds(50)); }

/// Has another thread start an operation when it is told of a yield, and looks whether that began.
class Told final : public EventSource {
 public:
  ~Told() override {
    if (other_.joinable()) other_.join();
  }
  std::size_t poll() override { return 0; }
  bool arm() override { return true; }
  int event_fd() const override { return -1; }
  void before_yield(TimePoint) override {
    if (other_.joinable()) return;
    other_ = std::thread([this] {
      driver->run(nothing());
      has_run_ = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    was_disturbed = has_run_;
    has_been_told = true;
  }

  Driver* driver = nullptr;
  bool has_been_told = false;
  bool was_disturbed = false;

 private:
  std::thread other_;
  std::atomic<bool> has_run_{false};
};

TEST(DriverTest, NobodyStartsAnythingWhileSourcesAreToldOfAYield) {
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  Driver driver(loop, sleeper);
  Told source;
  source.driver = &driver;
  loop.add(source);
  driver.run(nap(loop));
  EXPECT_TRUE(source.has_been_told);
  EXPECT_FALSE(source.was_disturbed);
}

}  // namespace
}  // namespace mayfly
