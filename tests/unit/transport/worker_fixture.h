// WorkerTest: two Workers of one transport in one loop.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>

#include "async/event_loop.h"
#include "async/poll_sleeper.h"
#include "unit/transport/inbox.h"
#include "unit/transport/transports.h"

namespace mayfly {

template <class Transport>
class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() : here_(transport_.make()), there_(transport_.make()) {
    ::alarm(120);
    here_->set_receiver(&here_inbox_);
    there_->set_receiver(&there_inbox_);
    loop_.add(*here_);
    loop_.add(*there_);
  }
  ~WorkerTest() override { ::alarm(0); }

  std::unique_ptr<Endpoint> connect(Worker& from, Worker& to) {
    auto endpoint = from.connect(to.address());
    EXPECT_TRUE(endpoint);
    return std::move(*endpoint);
  }
  void connect_both() {
    to_there_ = connect(*here_, *there_);
    if (Transport::kHasLanes) take_up_lane();
    to_here_ = connect(*there_, *here_);
  }
  /// The offer comes with the first answer, and is known to be taken up by the first message.
  void take_up_lane() {
    to_there_->post_with_reply({});
    ASSERT_TRUE(arrived(there_inbox_, 1));
    there_inbox_.take().reply_endpoint()->post({});
    ASSERT_TRUE(arrived(here_inbox_, 1));
    here_inbox_.take();
    to_there_->take_up_lane();
    ASSERT_NE(static_cast<UcxEndpoint&>(*to_there_).connection()->lane, nullptr);
    to_there_->post({});
    ASSERT_TRUE(arrived(there_inbox_, 1));
    there_inbox_.take();
  }
  /// Turns the loop until `condition` holds; false if that takes too long.
  template <class Condition>
  bool turn_until(Condition condition, Nanoseconds limit = std::chrono::seconds(20)) {
    const TimePoint end = loop_.now() + limit;
    while (!condition()) {
      if (loop_.now() > end) return false;
      loop_.poll();
    }
    return true;
  }
  void turn_for(Nanoseconds time) {
    turn_until([] { return false; }, time);
  }
  bool arrived(Inbox& inbox, std::size_t count) {
    return turn_until([&] { return inbox.messages.size() >= count; });
  }
  void close(std::unique_ptr<Endpoint>& endpoint) {
    if (endpoint == nullptr) return;
    loop_.run(endpoint->close());
    endpoint.reset();
  }
  void TearDown() override {
    here_inbox_.messages.clear();
    there_inbox_.messages.clear();
    close(to_there_);
    close(to_here_);
  }

  Transport transport_;
  PollSleeper sleeper_;
  EventLoop loop_{sleeper_};
  Inbox here_inbox_;
  Inbox there_inbox_;
  std::unique_ptr<Worker> here_;
  std::unique_ptr<Worker> there_;
  std::unique_ptr<Endpoint> to_there_;
  std::unique_ptr<Endpoint> to_here_;
};

}  // namespace mayfly
