// What every transport promises, on each of them.
#include "transport/worker.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <numeric>

#include "async/deadline.h"
#include "async/task_group.h"
#include "base/units.h"
#include "unit/transport/cpu_time.h"
#include "unit/transport/worker_fixture.h"

namespace mayfly {
namespace {

using Transports =
    ::testing::Types<UcxSharedMemory, UcxSharedLanes, UcxTcp, Loopback, DelayedLoopback>;
TYPED_TEST_SUITE(WorkerTest, Transports);

/// Runs a task to its end beside others and keeps its result.
Task<void> keep_result(Task<Status> task, std::optional<Status>& result) {
  result = co_await std::move(task);
}
Task<Status> receive(Message message, MutableBytes into) {
  co_return co_await message.receive(into);
}

TYPED_TEST(WorkerTest, PostsToOneEndpointArriveInOrder) {
  this->connect_both();
  for (int i = 0; i < 1000; ++i) this->to_there_->post(as_header(i), as_header(i));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1000));
  for (int i = 0; i < 1000; ++i) {
    const Message message = this->there_inbox_.take();
    ASSERT_EQ(header_as<int>(message), i);
    ASSERT_TRUE(same(message.payload(), as_header(i)));
    ASSERT_EQ(message.reply_endpoint(), nullptr);
  }
}

TYPED_TEST(WorkerTest, PostsAndSmallSendsKeepTheirOrder) {
  this->connect_both();
  const auto payload = pattern(200, 1);
  std::deque<std::optional<Status>> results(100);
  for (int i = 0; i < 200; i += 2) {
    this->to_there_->post(as_header(i));
    const int next = i + 1;
    this->loop_.spawn(keep_result(this->to_there_->send(as_header(next), payload), results[i / 2]));
  }
  ASSERT_TRUE(this->arrived(this->there_inbox_, 200));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(header_as<int>(this->there_inbox_.take()), i);
  ASSERT_TRUE(this->turn_until([&] { return this->loop_.spawned() == 0; }));
}

TYPED_TEST(WorkerTest, LentPayloadsAreWholeForAsLongAsTheyAreLookedAt) {
  constexpr std::uint64_t kMessages = 1000;
  this->connect_both();
  Onlooker onlooker;
  this->there_->set_receiver(&onlooker);
  std::uint64_t posted = 0;
  while (posted < kMessages) {
    // A few at a time, so that they go round in whatever they are lent from.
    for (int i = 0; i < 7 && posted < kMessages; ++i, ++posted) {
      const auto payload = pattern(Onlooker::size_of(posted), posted);
      if (this->to_there_->posts(payload.size())) {
        this->to_there_->post(as_header(posted), payload);
      } else {
        ASSERT_TRUE(this->loop_.run(this->to_there_->send(as_header(posted), payload)));
      }
    }
    ASSERT_TRUE(this->turn_until([&] { return onlooker.seen == posted; }));
  }
  EXPECT_TRUE(onlooker.is_right);
  this->there_->set_receiver(&this->there_inbox_);
}

TYPED_TEST(WorkerTest, HeadersAndPostedPayloadsOfAnySizeUpToTheMaximumArrive) {
  this->connect_both();
  for (std::size_t size = 0; size <= kMaxHeaderBytes; ++size) {
    this->to_there_->post(pattern(size, size), pattern(size * 8, size + 1));
  }
  ASSERT_TRUE(this->arrived(this->there_inbox_, kMaxHeaderBytes + 1));
  for (std::size_t size = 0; size <= kMaxHeaderBytes; ++size) {
    const Message message = this->there_inbox_.take();
    ASSERT_TRUE(same(message.header(), pattern(size, size)));
    ASSERT_TRUE(same(message.payload(), pattern(size * 8, size + 1)));
  }
}

TYPED_TEST(WorkerTest, SendsOfEverySizeArriveIntact) {
  this->connect_both();
  for (const std::size_t size : {0UL, 1UL, 100UL, 1023UL, 1024UL, 1025UL, 4096UL, 8000UL, 8191UL,
                                 8192UL, 8193UL, 20000UL, 65536UL, 300001UL, 4 * kMiB + 3}) {
    const auto payload = pattern(size, size);
    const auto header = pattern(kMaxHeaderBytes, size);
    std::optional<Status> sent;
    this->loop_.spawn(keep_result(this->to_there_->send(header, payload), sent));
    ASSERT_TRUE(this->arrived(this->there_inbox_, 1)) << size;
    Message message = this->there_inbox_.take();
    ASSERT_EQ(message.payload_bytes(), size);
    ASSERT_TRUE(same(message.header(), header));
    std::vector<std::byte> into(size);
    const Status received = this->loop_.run(receive(std::move(message), into));
    ASSERT_TRUE(received) << size;
    ASSERT_TRUE(same(into, payload)) << size;
    ASSERT_TRUE(this->turn_until([&] { return sent.has_value(); })) << size;
    ASSERT_TRUE(*sent) << size;
  }
}

TYPED_TEST(WorkerTest, LargePayloadsGoByRendezvousInBothDirections) {
  this->connect_both();
  const auto payload = pattern(3 * kMiB, 5);
  std::optional<Status> sent_there, sent_here;
  this->loop_.spawn(keep_result(this->to_there_->send({}, payload), sent_there));
  this->loop_.spawn(keep_result(this->to_here_->send({}, payload), sent_here));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  ASSERT_TRUE(this->arrived(this->here_inbox_, 1));
  for (Inbox* inbox : {&this->there_inbox_, &this->here_inbox_}) {
    Message message = inbox->take();
    EXPECT_TRUE(message.is_rendezvous());
    EXPECT_TRUE(message.payload().empty());
    std::vector<std::byte> into(payload.size());
    EXPECT_TRUE(this->loop_.run(receive(std::move(message), into)));
    EXPECT_TRUE(same(into, payload));
  }
  ASSERT_TRUE(this->turn_until([&] { return sent_there && sent_here; }));
  EXPECT_TRUE(*sent_there && *sent_here);
}

TYPED_TEST(WorkerTest, ADroppedRendezvousFreesItsSender) {
  this->connect_both();
  const auto payload = pattern(2 * kMiB, 6);
  std::optional<Status> sent;
  this->loop_.spawn(keep_result(this->to_there_->send({}, payload), sent));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  EXPECT_FALSE(sent);
  this->there_inbox_.messages.clear();
  EXPECT_TRUE(this->turn_until([&] { return sent.has_value(); }));
}

TYPED_TEST(WorkerTest, InlinePayloadsMayBeKeptForLong) {
  this->connect_both();
  for (std::uint64_t i = 0; i < 500; ++i) {
    ASSERT_TRUE(this->loop_.run(this->to_there_->send(as_header(i), pattern(3000 + i, i))));
  }
  ASSERT_TRUE(this->arrived(this->there_inbox_, 500));
  for (std::uint64_t i = 0; i < 500; ++i) {
    const Message message = this->there_inbox_.take();
    ASSERT_FALSE(message.is_rendezvous());
    ASSERT_TRUE(same(message.payload(), pattern(3000 + i, i)));
  }
}

TYPED_TEST(WorkerTest, AReplyEndpointLeadsBackToTheSender) {
  this->to_there_ = this->connect(*this->here_, *this->there_);
  const int question = 41;
  const auto payload = pattern(700, 3);
  this->to_there_->post_with_reply(as_header(question), payload);
  this->to_there_->post_with_reply(as_header(question));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 2));
  const Message first = this->there_inbox_.take();
  const Message second = this->there_inbox_.take();
  EXPECT_TRUE(same(first.payload(), payload));
  EXPECT_TRUE(second.payload().empty());
  ASSERT_NE(first.reply_endpoint(), nullptr);
  EXPECT_EQ(first.reply_endpoint(), second.reply_endpoint());
  const int answer = 42;
  first.reply_endpoint()->post(as_header(answer));
  ASSERT_TRUE(this->arrived(this->here_inbox_, 1));
  EXPECT_EQ(header_as<int>(this->here_inbox_.take()), answer);
}

TYPED_TEST(WorkerTest, AReplyEndpointOutlivesItsSender) {
  this->to_there_ = this->connect(*this->here_, *this->there_);
  this->to_there_->post_with_reply({});
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  const Message message = this->there_inbox_.take();
  this->close(this->to_there_);
  ASSERT_TRUE(this->turn_until([&] { return message.reply_endpoint()->has_failed(); }));
  message.reply_endpoint()->post(as_header(1));
  EXPECT_TRUE(this->there_inbox_.failures.empty());
}

TYPED_TEST(WorkerTest, APeerThatAskedForRepliesCanBeConnectedAndClosed) {
  this->to_there_ = this->connect(*this->here_, *this->there_);
  this->to_there_->post_with_reply({});
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  const Message message = this->there_inbox_.take();
  this->to_here_ = this->connect(*this->there_, *this->here_);
  this->to_here_->post(as_header(1));
  message.reply_endpoint()->post(as_header(2));
  ASSERT_TRUE(this->arrived(this->here_inbox_, 2));
  this->close(this->to_here_);
  EXPECT_TRUE(message.reply_endpoint()->has_failed());
  EXPECT_TRUE(this->turn_until([&] { return this->here_inbox_.failures.size() == 1; }));
}

TYPED_TEST(WorkerTest, PutBytesAreAtThePeerAfterAFlushAndGetBringsThemBack) {
  this->connect_both();
  auto memory = this->there_->allocate(8 * kMiB);
  ASSERT_TRUE(memory);
  const MutableBytes target = (*memory)->memory();
  ASSERT_EQ(target.size(), 8 * kMiB);
  ASSERT_EQ(reinterpret_cast<std::uintptr_t>(target.data()) % kPageBytes, 0U);
  EXPECT_EQ(std::count(target.begin(), target.end(), std::byte{0}), std::ptrdiff_t(8 * kMiB));
  auto remote = this->to_there_->import((*memory)->exported());
  ASSERT_TRUE(remote);
  EXPECT_EQ((*remote)->size(), 8 * kMiB);
  EXPECT_EQ((*remote)->is_one_sided(), TypeParam::kIsOneSided);

  std::vector<std::byte> expected(8 * kMiB);
  for (const std::size_t size : {1UL, 8UL, 4095UL, 65537UL, kMiB, 3 * kMiB + 1}) {
    const auto bytes = pattern(size, size);
    const std::uint64_t offset = 8 * kMiB - 2 * size - 1;
    ASSERT_TRUE(this->loop_.run(this->to_there_->put(bytes, **remote, offset)));
    ASSERT_TRUE(this->loop_.run(this->to_there_->flush()));
    std::copy(bytes.begin(), bytes.end(), expected.begin() + static_cast<std::ptrdiff_t>(offset));
    ASSERT_TRUE(same(target, expected)) << size;
    std::vector<std::byte> back(size);
    ASSERT_TRUE(this->loop_.run(this->to_there_->get(back, **remote, offset)));
    ASSERT_TRUE(same(back, bytes)) << size;
  }
  remote->reset();
  this->close(this->to_there_);
  this->close(this->to_here_);
}

TYPED_TEST(WorkerTest, ManyTransfersInFlightAllArrive) {
  this->connect_both();
  constexpr std::uint64_t kWindow = 64;
  std::vector<std::vector<std::byte>> payloads;
  for (std::uint64_t i = 0; i < kWindow; ++i) payloads.push_back(pattern(kMiB, i));
  std::vector<std::vector<std::byte>> received(kWindow, std::vector<std::byte>(kMiB));
  std::deque<std::optional<Status>> sent(kWindow), done(kWindow);
  for (std::uint64_t i = 0; i < kWindow; ++i) {
    this->loop_.spawn(keep_result(this->to_there_->send(as_header(i), payloads[i]), sent[i]));
  }
  ASSERT_TRUE(this->arrived(this->there_inbox_, kWindow));
  while (!this->there_inbox_.messages.empty()) {
    Message message = this->there_inbox_.take();
    const auto i = header_as<std::uint64_t>(message);
    this->loop_.spawn(keep_result(receive(std::move(message), received[i]), done[i]));
  }
  ASSERT_TRUE(this->turn_until([&] { return this->loop_.spawned() == 0; }));
  for (std::uint64_t i = 0; i < kWindow; ++i) {
    ASSERT_TRUE(*sent[i] && *done[i]);
    ASSERT_TRUE(same(received[i], payloads[i])) << i;
  }
}

TYPED_TEST(WorkerTest, PutsInFlightAreAllThereAfterOneFlush) {
  this->connect_both();
  constexpr std::uint64_t kWindow = 16;
  auto memory = this->there_->allocate(kWindow * kMiB);
  auto remote = this->to_there_->import((*memory)->exported());
  ASSERT_TRUE(remote);
  const auto bytes = pattern(kWindow * kMiB, 9);
  TaskGroup group;
  {
    ReadyQueue::Scope scope(this->loop_.ready());
    for (std::uint64_t i = 0; i < kWindow; ++i) {
      const Bytes block = Bytes(bytes).subspan(i * kMiB, kMiB);
      group.add(this->to_there_->put(block, **remote, i * kMiB));
    }
  }
  const auto join_and_flush = [](TaskGroup& puts, Endpoint& endpoint) -> Task<Status> {
    MAYFLY_CO_CHECKED(co_await puts.join());
    co_return co_await endpoint.flush();
  };
  ASSERT_TRUE(this->loop_.run(join_and_flush(group, *this->to_there_)));
  EXPECT_TRUE(same((*memory)->memory(), bytes));
  remote->reset();
  this->close(this->to_there_);
}

TYPED_TEST(WorkerTest, APeersCloseFailsTheEndpointOnceAndEndsWhatIsPending) {
  this->connect_both();
  const auto payload = pattern(2 * kMiB, 4);
  std::optional<Status> sent;
  this->loop_.spawn(keep_result(this->to_there_->send({}, payload), sent));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  this->close(this->to_here_);
  ASSERT_TRUE(this->turn_until([&] { return !this->here_inbox_.failures.empty(); }));
  EXPECT_EQ(this->here_inbox_.failures[0].first, this->to_there_.get());
  EXPECT_NE(this->here_inbox_.failures[0].second, Errc::ok);
  ASSERT_TRUE(this->turn_until([&] { return sent.has_value(); }));
  EXPECT_FALSE(*sent);
  EXPECT_TRUE(this->to_there_->has_failed());
  EXPECT_EQ(this->loop_.run(this->to_there_->flush()).error(), Errc::not_connected);
  EXPECT_FALSE(this->loop_.run(this->to_there_->send({}, payload)));
  this->to_there_->post({});
  this->turn_for(std::chrono::milliseconds(20));
  EXPECT_EQ(this->here_inbox_.failures.size(), 1U);
  EXPECT_TRUE(this->there_inbox_.failures.empty());
}

TYPED_TEST(WorkerTest, CloseEndsASendThatNobodyReceives) {
  this->connect_both();
  const auto payload = pattern(2 * kMiB, 4);
  std::optional<Status> sent;
  this->loop_.spawn(keep_result(this->to_there_->send({}, payload), sent));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  this->close(this->to_there_);
  ASSERT_TRUE(this->turn_until([&] { return sent.has_value(); }));
  EXPECT_FALSE(*sent);
  std::vector<std::byte> into(payload.size());
  Message late = this->there_inbox_.take();
  static_cast<void>(this->loop_.run(receive(std::move(late), into)));
}

TYPED_TEST(WorkerTest, CloseEndsAPendingReceiveAndItsMemoryIsNotTouchedAfterwards) {
  const auto payload = pattern(16 * kMiB, 4);
  for (const int turns_before_close : {0, 1, 2, 5, 20, 100}) {
    this->connect_both();
    std::optional<Status> sent, received;
    this->loop_.spawn(keep_result(this->to_there_->send({}, payload), sent));
    ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
    std::vector<std::byte> into(payload.size());
    this->loop_.spawn(keep_result(receive(this->there_inbox_.take(), into), received));
    for (int turn = 0; turn < turns_before_close; ++turn) this->loop_.poll();
    this->close(this->to_here_);
    // The result is there; it only has to go up through the frames that wait for it.
    for (int turn = 0; turn < 10; ++turn) this->loop_.poll();
    ASSERT_TRUE(received);
    EXPECT_TRUE(!*received || same(into, payload));
    const auto after_close = into;
    this->turn_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(same(into, after_close)) << turns_before_close;
    this->close(this->to_there_);
    ASSERT_TRUE(this->turn_until([&] { return sent.has_value(); }));
  }
}

TYPED_TEST(WorkerTest, ARendezvousOfAClosedConnectionCannotBeReceived) {
  this->connect_both();
  const auto payload = pattern(2 * kMiB, 4);
  std::optional<Status> sent;
  this->loop_.spawn(keep_result(this->to_there_->send({}, payload), sent));
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
  this->close(this->to_here_);
  std::vector<std::byte> into(payload.size());
  EXPECT_EQ(this->loop_.run(receive(this->there_inbox_.take(), into)).error(), Errc::not_connected);
  ASSERT_TRUE(this->turn_until([&] { return sent.has_value(); }));
}

TYPED_TEST(WorkerTest, GarbageIsNeitherAnAddressNorAnExport) {
  this->connect_both();
  auto memory = this->there_->allocate(kMiB);
  const auto refused = [&](Bytes bytes) {
    const auto endpoint = this->here_->connect(bytes);
    const auto remote = this->to_there_->import(bytes);
    return !endpoint && endpoint.error() == Errc::bad_message && !remote &&
           remote.error() == Errc::bad_message;
  };
  EXPECT_TRUE(refused({}));
  for (std::size_t size = 1; size < 600; ++size) ASSERT_TRUE(refused(pattern(size, size)));
  for (const Bytes good : {this->there_->address(), (*memory)->exported()}) {
    for (std::size_t size = 0; size < good.size(); ++size) {
      ASSERT_TRUE(refused(good.first(size)));
      std::vector<std::byte> mangled(good.begin(), good.end());
      mangled[size] ^= std::byte{0x10};
      ASSERT_TRUE(refused(mangled)) << size;
    }
  }
  EXPECT_FALSE(this->here_->connect((*memory)->exported()));
  EXPECT_FALSE(this->to_there_->import(this->there_->address()));
}

TYPED_TEST(WorkerTest, PostsSurviveBackPressureIntactAndInOrder) {
  this->connect_both();
  constexpr std::uint64_t kPosts = 100'000;
  for (std::uint64_t i = 0; i < kPosts; ++i) {
    this->to_there_->post(pattern(64, i), as_header(i));
    if (i % 1000 == 0) this->here_->poll();
  }
  std::uint64_t arrived = 0;
  const bool all = this->turn_until(
      [&] {
        for (; !this->there_inbox_.messages.empty(); ++arrived) {
          const Message message = this->there_inbox_.take();
          if (!same(message.header(), pattern(64, arrived)) ||
              !same(message.payload(), as_header(arrived))) {
            return true;
          }
        }
        return arrived == kPosts;
      },
      std::chrono::seconds(60));
  EXPECT_TRUE(all);
  EXPECT_EQ(arrived, kPosts);
}

TYPED_TEST(WorkerTest, EndpointsCanBeMadeAndClosedOverAndOver) {
  for (int i = 0; i < 20; ++i) {
    this->connect_both();
    this->to_there_->post_with_reply(as_header(i));
    ASSERT_TRUE(this->arrived(this->there_inbox_, 1));
    EXPECT_EQ(header_as<int>(this->there_inbox_.take()), i);
    this->close(this->to_there_);
    this->close(this->to_here_);
  }
}

TYPED_TEST(WorkerTest, AnEndpointMayBeDroppedWithoutClose) {
  this->connect_both();
  this->to_there_->post({});
  this->to_there_.reset();
  this->turn_for(std::chrono::milliseconds(5));
}

TYPED_TEST(WorkerTest, AnIdleLoopSleepsAndAMessageWakesIt) {
  this->connect_both();
  this->to_there_->post({});
  this->to_here_->post({});
  ASSERT_TRUE(this->arrived(this->there_inbox_, 1) && this->arrived(this->here_inbox_, 1));
  this->turn_for(std::chrono::milliseconds(50));
  const Nanoseconds before = cpu_time();
  const auto idle = [](EventLoop& loop) -> Task<void> {
    co_await sleep_for(loop, std::chrono::seconds(1));
  };
  this->loop_.run(idle(this->loop_));
  EXPECT_LT(cpu_time() - before, std::chrono::milliseconds(10));

  this->loop_.poll();
  std::vector<int> fds;
  // The sender alone is polled: the receiver's descriptor must tell of the message.
  while (!this->there_->arm()) this->there_->poll();
  this->to_there_->post({});
  for (int i = 0; i < 1000; ++i) this->here_->poll();
  pollfd wakes{this->there_->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wakes, 1, 2000), 1);
  EXPECT_TRUE(this->arrived(this->there_inbox_, 2));
}

}  // namespace
}  // namespace mayfly
