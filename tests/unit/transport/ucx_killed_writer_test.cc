// Processes that are ended while they write to another of their machine, at whatever moment: the
// reader hears everybody else as before.
//
// The test's own process does not use UCX, so that its children can.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "async/poll_sleeper.h"
#include "transport/ucx_worker.h"
#include "unit/transport/inbox.h"

namespace mayfly {
namespace {

constexpr int kKills = 150;

/// A process with a worker.
struct Player {
  Player() {
    UcxOptions options;
    options.transports = "posix,cma,self";
    auto made = UcxWorker::create(options);
    if (!made) ::_exit(1);
    worker = std::move(*made);
    worker->set_receiver(&inbox);
  }
  ~Player() { inbox.messages.clear(); }
  /// False if nothing comes for long.
  bool await_message() {
    const TimePoint end = Clock::steady().now() + std::chrono::seconds(10);
    while (inbox.messages.empty() && Clock::steady().now() < end) worker->poll();
    return !inbox.messages.empty();
  }
  /// Asks for an answer, and takes up the lane that comes with it.
  std::unique_ptr<Endpoint> get_to_know(Bytes address) {
    auto endpoint = worker->connect(address);
    if (!endpoint) ::_exit(2);
    (*endpoint)->post_with_reply({});
    if (!await_message()) ::_exit(3);
    inbox.take();
    (*endpoint)->take_up_lane();
    return std::move(*endpoint);
  }

  Inbox inbox;
  std::unique_ptr<UcxWorker> worker;
};

class UcxKilledWriterTest : public ::testing::Test {
 protected:
  UcxKilledWriterTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends_), 0);
    const timeval patience{20, 0};
    ::setsockopt(ends_[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~UcxKilledWriterTest() override {
    end(listener_);
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  template <class Play>
  pid_t start(Play play) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(100);
    play();
    ::_exit(0);
  }
  static int end(pid_t child, int signal = SIGKILL) {
    int status = 0;
    if (signal != 0) ::kill(child, signal);
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }
  void tell(Bytes bytes) { ::send(ends_[1], bytes.data(), bytes.size(), 0); }
  std::vector<std::byte> hear() {
    std::vector<std::byte> bytes(4096);
    const ssize_t size = ::recv(ends_[0], bytes.data(), bytes.size(), 0);
    bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return bytes;
  }

  void start_listener() {
    listener_ = start([this] {
      Player player;
      tell(player.worker->address());
      for (;;) {
        player.worker->poll();
        for (; !player.inbox.messages.empty(); player.inbox.messages.pop_front()) {
          Endpoint* const asker = player.inbox.messages.front().reply_endpoint();
          if (asker != nullptr) asker->post({});
        }
      }
    });
    address_ = hear();
    ASSERT_FALSE(address_.empty());
  }
  pid_t start_writer() {
    const pid_t writer = start([this] {
      Player player;
      const auto endpoint = player.get_to_know(address_);
      tell(address_);
      const auto header = pattern(72, 1);
      const auto payload = pattern(20, 2);
      for (;;) {
        for (int i = 0; i < 16; ++i) endpoint->post(header, payload);
        player.worker->poll();
      }
    });
    EXPECT_FALSE(hear().empty());
    return writer;
  }

  int ends_[2];
  pid_t listener_ = -1;
  std::vector<std::byte> address_;
};

TEST_F(UcxKilledWriterTest, TheReaderStillHearsTheOthers) {
  start_listener();
  std::minstd_rand random(3);
  for (int i = 0; i < kKills; ++i) {
    const pid_t writer = start_writer();
    ASSERT_FALSE(HasFailure());
    ::usleep(random() % 2000);
    end(writer);
  }
  const pid_t asker = start([this] { Player().get_to_know(address_); });
  EXPECT_EQ(end(asker, 0), 0) << "nobody is heard any more";
}

}  // namespace
}  // namespace mayfly
