// UcxWorker between processes: who must not help, who dies, what is left behind.
//
// Every test runs in two fresh children, because a process that has used UCX cannot fork a user of
// UCX. They die with the test.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "async/deadline.h"
#include "async/poll_sleeper.h"
#include "base/units.h"
#include "transport/ucx_worker.h"
#include "unit/transport/inbox.h"

#define CHECK_THAT(condition)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      ::_exit(1);                                                                    \
    }                                                                                \
  } while (false)

namespace mayfly {
namespace {

/// A socket to the other child.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  void tell(Bytes bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    CHECK_THAT(::write(fd_, &size, sizeof size) == sizeof size);
    CHECK_THAT(::write(fd_, bytes.data(), size) == static_cast<ssize_t>(size));
  }
  std::vector<std::byte> hear() {
    std::uint32_t size = 0;
    CHECK_THAT(::recv(fd_, &size, sizeof size, MSG_WAITALL) == sizeof size);
    std::vector<std::byte> bytes(size);
    if (size != 0) CHECK_THAT(::recv(fd_, bytes.data(), size, MSG_WAITALL) > 0);
    return bytes;
  }

 private:
  int fd_;
};

using Play = void (*)(Line& line, const std::string& transports);

class ProcessTest : public ::testing::TestWithParam<std::string> {
 protected:
  enum class Reaping { at_once, late };

  /// Runs the two parts of a play; the second part's process may be killed by the first.
  void perform(Play first, Play second, Reaping reaping = Reaping::at_once) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const pid_t other = start(second, ends[1], ends[0]);
    const pid_t main = start(first, ends[0], ends[1]);
    ::close(ends[0]);
    ::close(ends[1]);
    int status = 0;
    bool other_is_there = true;
    if (reaping == Reaping::late) {
      ASSERT_EQ(::waitpid(main, &status, 0), main);
    } else {
      for (pid_t ended = ::wait(&status); ended != main; ended = ::wait(&status)) {
        ASSERT_EQ(ended, other);
        other_is_there = false;
      }
    }
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
    if (!other_is_there) return;
    ::kill(other, SIGKILL);
    ASSERT_EQ(::waitpid(other, &status, 0), other);
  }

 private:
  pid_t start(Play play, int mine, int not_mine) {
    const std::string transports = GetParam();
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::alarm(60);
    ::close(not_mine);
    Line line(mine);
    play(line, transports);
    ::_exit(0);
  }
};

/// One side of a connection in its own process.
struct Side {
  Side(Line& line, const std::string& transports) {
    UcxOptions options;
    options.transports = transports;
    auto made = UcxWorker::create(options);
    CHECK_THAT(made);
    worker = std::move(*made);
    worker->set_receiver(&inbox);
    loop.add(*worker);
    line.tell(worker->address());
    auto connected = worker->connect(line.hear());
    CHECK_THAT(connected);
    endpoint = std::move(*connected);
  }
  ~Side() { inbox.messages.clear(); }
  template <class Condition>
  bool turn_until(Condition condition, Nanoseconds limit) {
    const TimePoint end = loop.now() + limit;
    const auto nothing = [](EventLoop& sleeping) -> Task<void> {
      co_await sleep_for(sleeping, std::chrono::milliseconds(5));
    };
    while (!condition() && loop.now() < end) loop.run(nothing(loop));
    return condition();
  }

  PollSleeper sleeper;
  EventLoop loop{sleeper};
  Inbox inbox;
  std::unique_ptr<UcxWorker> worker;
  std::unique_ptr<Endpoint> endpoint;
};

void tell_pid(Line& line) {
  const pid_t self = ::getpid();
  line.tell(as_header(self));
}
pid_t hear_pid(Line& line) {
  pid_t pid = 0;
  const auto bytes = line.hear();
  std::memcpy(&pid, bytes.data(), sizeof pid);
  return pid;
}

void own_memory_and_sleep(Line& line, const std::string& transports) {
  Side side(line, transports);
  auto memory = side.worker->allocate(4 * kMiB);
  CHECK_THAT(memory);
  line.tell((*memory)->exported());
  CHECK_THAT(line.hear().empty());
  CHECK_THAT(same((*memory)->memory().subspan(5, 2 * kMiB), pattern(2 * kMiB, 77)));
  line.tell({});
}

void write_to_a_sleeper(Line& line, const std::string& transports) {
  Side side(line, transports);
  auto remote = side.endpoint->import(line.hear());
  CHECK_THAT(remote);
  CHECK_THAT((*remote)->is_one_sided());
  const auto bytes = pattern(2 * kMiB, 77);
  CHECK_THAT(side.loop.run(side.endpoint->put(bytes, **remote, 5)));
  CHECK_THAT(side.loop.run(side.endpoint->flush()));
  std::vector<std::byte> back(bytes.size());
  CHECK_THAT(side.loop.run(side.endpoint->get(back, **remote, 5)));
  CHECK_THAT(same(back, bytes));
  line.tell({});
  CHECK_THAT(line.hear().empty());
}

TEST_P(ProcessTest, PutFlushAndGetNeedNoHelpOfTheTarget) {
  if (GetParam() != "posix,cma,self") GTEST_SKIP() << "not one-sided";
  perform(write_to_a_sleeper, own_memory_and_sleep);
}

void live(Line& line, const std::string& transports) {
  Side side(line, transports);
  tell_pid(line);
  for (;;) side.loop.run_once();
}

void outlive_an_idle_peer(Line& line, const std::string& transports) {
  Side side(line, transports);
  side.turn_until([] { return false; }, std::chrono::milliseconds(300));
  ::kill(hear_pid(line), SIGKILL);
  CHECK_THAT(
      side.turn_until([&] { return !side.inbox.failures.empty(); }, std::chrono::seconds(5)));
  CHECK_THAT(side.inbox.failures.size() == 1 && side.endpoint->has_failed());
  side.loop.run(side.endpoint->close());
}

TEST_P(ProcessTest, TheDeathOfAnIdlePeerIsReported) { perform(outlive_an_idle_peer, live); }

TEST_P(ProcessTest, TheDeathOfAPeerThatNobodyHasReapedIsReported) {
  perform(outlive_an_idle_peer, live, Reaping::late);
}

Task<void> count_failures(Task<Status> task, int& failures) {
  const Status status = co_await std::move(task);
  if (!status) ++failures;
}

void outlive_a_busy_peer(Line& line, const std::string& transports) {
  Side side(line, transports);
  const auto payload = pattern(4 * kMiB, 1);
  int failures = 0;
  for (int i = 0; i < 4; ++i) {
    side.loop.spawn(count_failures(side.endpoint->send(as_header(i), payload), failures));
  }
  side.turn_until([] { return false; }, std::chrono::milliseconds(300));
  ::kill(hear_pid(line), SIGKILL);
  for (int i = 0; i < 100; ++i) side.endpoint->post(as_header(i));
  side.loop.spawn(count_failures(side.endpoint->send({}, payload), failures));
  CHECK_THAT(side.turn_until([&] { return !side.inbox.failures.empty() && failures == 5; },
                             std::chrono::seconds(5)));
  side.loop.run(side.endpoint->close());
}

TEST_P(ProcessTest, TheDeathOfAPeerEndsWhatIsPending) { perform(outlive_a_busy_peer, live); }

void close_on_a_stuck_peer(Line& line, const std::string& transports) {
  Side side(line, transports);
  const auto payload = pattern(4 * kMiB, 1);
  int failures = 0;
  for (int i = 0; i < 4; ++i) {
    side.loop.spawn(count_failures(side.endpoint->send(as_header(i), payload), failures));
  }
  side.turn_until([] { return false; }, std::chrono::milliseconds(300));
  const pid_t peer = hear_pid(line);
  ::kill(peer, SIGSTOP);
  for (int i = 0; i < 500; ++i) side.endpoint->post(as_header(i));
  side.loop.spawn(count_failures(side.endpoint->send({}, payload), failures));
  const TimePoint start = side.loop.now();
  side.loop.run(side.endpoint->close());
  CHECK_THAT(side.loop.now() - start < std::chrono::seconds(2));
  CHECK_THAT(side.turn_until([&] { return failures == 5; }, std::chrono::seconds(1)));
  CHECK_THAT(side.inbox.failures.empty());
}

TEST_P(ProcessTest, CloseDoesNotWaitForAStuckPeer) { perform(close_on_a_stuck_peer, live); }

void offer_and_die(Line& line, const std::string& transports) {
  Side side(line, transports);
  const auto payload = pattern(64 * kMiB, 1);
  int failures = 0;
  side.loop.spawn(count_failures(side.endpoint->send({}, payload), failures));
  tell_pid(line);
  for (;;) side.loop.run_once();
}

void receive_from_the_dead(Line& line, const std::string& transports) {
  Side side(line, transports);
  CHECK_THAT(
      side.turn_until([&] { return !side.inbox.messages.empty(); }, std::chrono::seconds(5)));
  Message message = side.inbox.take();
  const pid_t peer = hear_pid(line);
  ::kill(peer, SIGKILL);
  std::vector<std::byte> into(message.payload_bytes());
  int failures = 0;
  const auto receive = [](Message taken, MutableBytes bytes) -> Task<Status> {
    co_return co_await taken.receive(bytes);
  };
  Task<Status> receiving = receive(std::move(message), into);
  side.loop.spawn(count_failures(std::move(receiving), failures));
  CHECK_THAT(side.turn_until([&] { return side.loop.spawned() == 0; }, std::chrono::seconds(5)));
  CHECK_THAT(
      side.turn_until([&] { return !side.inbox.failures.empty(); }, std::chrono::seconds(5)));
  side.loop.run(side.endpoint->close());
}

TEST_P(ProcessTest, AReceiveFromADeadPeerEnds) { perform(receive_from_the_dead, offer_and_die); }

void die_before_anything(Line& line, const std::string& transports) {
  UcxOptions options;
  options.transports = transports;
  auto worker = UcxWorker::create(options);
  CHECK_THAT(worker);
  line.hear();
  line.tell((*worker)->address());
  ::raise(SIGKILL);
}

void connect_to_the_dead(Line& line, const std::string& transports) {
  Side side(line, transports);
  side.endpoint->post_with_reply(as_header(1));
  CHECK_THAT(
      side.turn_until([&] { return !side.inbox.failures.empty(); }, std::chrono::seconds(10)));
  CHECK_THAT(side.inbox.failures.size() == 1);
  side.loop.run(side.endpoint->close());
}

TEST_P(ProcessTest, APeerThatIsDeadAlreadyIsReported) {
  perform(connect_to_the_dead, die_before_anything);
}

void ask_and_die(Line& line, const std::string& transports) {
  Side side(line, transports);
  side.endpoint->post_with_reply(as_header(1));
  tell_pid(line);
  for (;;) side.loop.run_once();
}

void answer_the_dead(Line& line, const std::string& transports) {
  UcxOptions options;
  options.transports = transports;
  auto worker = UcxWorker::create(options);
  CHECK_THAT(worker);
  Inbox inbox;
  PollSleeper sleeper;
  EventLoop loop(sleeper);
  (*worker)->set_receiver(&inbox);
  loop.add(**worker);
  line.tell((*worker)->address());
  line.hear();
  const pid_t peer = hear_pid(line);
  const TimePoint end = loop.now() + std::chrono::seconds(10);
  while (inbox.messages.empty() && loop.now() < end) loop.poll();
  CHECK_THAT(!inbox.messages.empty());
  Endpoint* reply = inbox.messages[0].reply_endpoint();
  ::kill(peer, SIGKILL);
  // Answers before, while and after its death is noticed: none may hurt.
  while (!reply->has_failed() && loop.now() < end) {
    reply->post(as_header(1));
    loop.poll();
    ::usleep(1000);
  }
  CHECK_THAT(reply->has_failed());
  for (int i = 0; i < 1000; ++i) {
    reply->post(as_header(1));
    loop.poll();
  }
  CHECK_THAT(inbox.failures.empty());
  inbox.messages.clear();
}

TEST_P(ProcessTest, AnswersToADeadPeerAreHarmless) { perform(answer_the_dead, ask_and_die); }

INSTANTIATE_TEST_SUITE_P(Transports, ProcessTest,
                         ::testing::Values(std::string("posix,cma,self"), std::string("tcp,self")),
                         [](const auto& shape) {
                           return shape.param == "tcp,self" ? "Tcp" : "SharedMemory";
                         });

TEST(UcxWorkerTest, AnImpossibleTransportIsExplained) {
  const pid_t child = ::fork();
  if (child == 0) {
    UcxOptions options;
    options.transports = "pigeon";
    const auto worker = UcxWorker::create(options);
    CHECK_THAT(!worker);
    CHECK_THAT(worker.error().sentence.find("pigeon") != std::string::npos);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace mayfly
