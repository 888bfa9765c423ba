// The requesting side of a connection, on the in-memory transport and a clock of the test's own,
// towards servers that answer as the test says.
#include "protocol/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>

#include "base/log.h"
#include "support/ask.h"
#include "support/sim_cluster.h"

namespace mayfly {
namespace {

using ::testing::ElementsAre;

constexpr Nanoseconds kDeadline = std::chrono::seconds(8);
/// What a channel may be late by: it looks at its calls eight times per deadline.
constexpr Nanoseconds kLatest = kDeadline + kDeadline / 8;

/// A server that keeps what it is asked; the test answers.
class FakeServer final : public Receiver {
 public:
  explicit FakeServer(LoopbackNetwork& network) : worker(network) { worker.set_receiver(this); }

  void on_message(Message message) override {
    const auto header = decode_request(message.header());
    ASSERT_TRUE(header);
    if (header->opcode == Opcode::ping) {
      ++pings;
      if (answers_pings) answer(*header, Errc::ok, 0);
      return;
    }
    if (header->opcode != Opcode::connect) return requests.push_back(*header);
    const auto body = decode_connect(message.payload());
    ASSERT_TRUE(body);
    to_client_ = message.reply_endpoint();
    connects.push_back(*header);
    if (answers_connects) answer(*header, refusal, ++last_cookie);
  }
  void on_endpoint_failed(Endpoint&, Errc) override {}

  void answer(const RequestHeader& request, Errc error, std::uint64_t value, Bytes body = {}) {
    ReplyHeader reply;
    reply.opcode = static_cast<std::uint8_t>(index_of(request.opcode) | kReplyBit);
    reply.error = to_errno(error);
    reply.request_id = request.request_id;
    reply.value = value;
    to_client_->post(as_wire(reply), body);
  }
  /// As one that ends.
  void say_goodbye(std::uint32_t server) {
    RequestHeader to_nobody;
    to_nobody.opcode = Opcode::disconnect;
    to_nobody.request_id = Channel::goodbye_of(server);
    answer(to_nobody, Errc::ok, 0);
  }
  std::vector<std::uint64_t> arguments() const {
    std::vector<std::uint64_t> result;
    for (const RequestHeader& request : requests) result.push_back(request.argument);
    return result;
  }

  LoopbackWorker worker;
  bool answers_connects = true;
  bool answers_pings = false;
  int pings = 0;
  Errc refusal = Errc::ok;
  std::uint64_t last_cookie = 100;
  std::vector<RequestHeader> connects;
  std::vector<RequestHeader> requests;

 private:
  Endpoint* to_client_ = nullptr;
};

/// A client of two servers. Most tests are about its channel to the second.
class ChannelTest : public ::testing::Test, public Receiver {
 protected:
  using Call = Task<Result<Reply>>;

  ChannelTest() {
    spdlog::set_level(spdlog::level::off);
    worker_.set_receiver(this);
    loop_.add(worker_);
    for (const FakeServer* server : {&other_server_, &server_}) {
      const Bytes address = server->worker.address();
      session_.servers.push_back({"node", WireBytes(address.begin(), address.end())});
    }
  }
  ~ChannelTest() override {
    for (Channel* channel : {&other_channel_, &channel_}) {
      ReadyQueue::Scope scope(loop_.ready());
      Task<void> dropping = channel->drop();
      dropping.start(nullptr);
      while (!dropping.done()) turn();
    }
  }

  void on_message(Message message) override {
    const auto header = decode_reply(message.header());
    ASSERT_TRUE(header);
    Channel* const channels[] = {&other_channel_, &channel_};
    const std::uint32_t server = Channel::server_of(header->request_id);
    if (server < 2) channels[server]->on_reply(*header, std::move(message));
  }
  void on_endpoint_failed(Endpoint& endpoint, Errc why) override {
    if (!channel_.on_endpoint_failed(endpoint, why)) {
      other_channel_.on_endpoint_failed(endpoint, why);
    }
  }

  /// Starts a call that the server knows by `argument`.
  Call start(std::uint64_t argument, MutableBytes into = {}) {
    ReadyQueue::Scope scope(loop_.ready());
    RequestHeader header;
    header.opcode = Opcode::usage;
    header.argument = argument;
    Call call = ask(channel_, header, {}, into);
    call.start(nullptr);
    return call;
  }
  /// One turn of everybody; time goes on when nothing happens.
  void turn() {
    if (loop_.poll() + server_.worker.poll() + other_server_.worker.poll() != 0) return;
    clock_.advance(std::chrono::milliseconds(1));
  }
  /// Turns until everything has arrived that is on its way.
  void settle() {
    for (const TimePoint start = clock_.now(); clock_.now() == start;) turn();
  }
  Errc error_of(Call& call) {
    while (!call.done()) turn();
    const auto reply = call.take();
    return reply ? to_errc(reply->status()) : reply.error();
  }
  std::uint64_t value_of(Call& call) {
    while (!call.done()) turn();
    const auto reply = call.take();
    EXPECT_TRUE(reply && reply->status());
    return reply ? reply->header.value : 0;
  }
  static std::uint64_t slot_of(const RequestHeader& request) {
    return request.request_id >> 16 & 0xffff;
  }

  SimClock clock_;
  NoSleeper sleeper_;
  LoopbackNetwork network_;
  FakeServer other_server_{network_};
  FakeServer server_{network_};
  LoopbackWorker worker_{network_};
  EventLoop loop_{sleeper_, clock_, Nanoseconds::zero()};
  SessionInfo session_ = new_session();
  Channel other_channel_{loop_, worker_, session_, 0, kDeadline};
  Channel channel_{loop_, worker_, session_, 1, kDeadline};
};

TEST_F(ChannelTest, EachCallGetsTheReplyToItsOwnRequestInWhateverOrderTheyCome) {
  Call first = start(1);
  Call second = start(2);
  Call third = start(3);
  settle();
  ASSERT_THAT(server_.arguments(), ElementsAre(1, 2, 3));
  for (const int i : {1, 2, 0}) server_.answer(server_.requests[i], Errc::ok, 10U * (i + 1));
  EXPECT_EQ(value_of(first), 10U);
  EXPECT_EQ(value_of(second), 20U);
  EXPECT_EQ(value_of(third), 30U);
}

TEST_F(ChannelTest, ABodyGoesWhereTheCallerWantsItIfThereIsRoom) {
  const std::string text = "what is asked for";
  std::string into(20, '?');
  const MutableBytes room = std::as_writable_bytes(std::span(into));
  Call placed = start(1, room);
  Call too_long = start(2, room.first(text.size() - 1));
  Call unasked = start(3);
  settle();
  for (const RequestHeader& request : server_.requests) {
    server_.answer(request, Errc::ok, 0, std::as_bytes(std::span(text)));
  }
  while (!placed.done() || !too_long.done() || !unasked.done()) turn();
  const auto first = placed.take();
  ASSERT_TRUE(first && first->status());
  EXPECT_EQ(first->placed, text.size());
  EXPECT_EQ(first->body.payload_bytes(), 0U);
  EXPECT_EQ(into, text + "???");
  for (Call* const call : {&too_long, &unasked}) {
    const auto other = call->take();
    ASSERT_TRUE(other && other->status());
    EXPECT_EQ(other->placed, 0U);
    const Bytes body = other->body.payload();
    EXPECT_TRUE(std::ranges::equal(body, std::as_bytes(std::span(text))));
  }
}

TEST_F(ChannelTest, TheErrorInAReplyIsTheCallsOwnAndTheNextOneGoesOn) {
  Call call = start(1);
  settle();
  server_.answer(server_.requests[0], Errc::no_space, 0);
  EXPECT_EQ(error_of(call), Errc::no_space);
  Call next = start(2);
  settle();
  server_.answer(server_.requests[1], Errc::ok, 7);
  EXPECT_EQ(value_of(next), 7U);
  EXPECT_EQ(server_.connects.size(), 1U);
}

TEST_F(ChannelTest, CallsStartedBeforeItIsOpenWaitAndAreSentInOrder) {
  server_.answers_connects = false;
  std::vector<Call> calls;
  for (std::uint64_t i = 1; i <= 5; ++i) calls.push_back(start(i));
  settle();
  EXPECT_FALSE(channel_.is_open());
  ASSERT_EQ(server_.connects.size(), 1U);
  EXPECT_TRUE(server_.requests.empty());
  server_.answer(server_.connects[0], Errc::ok, 4711);
  settle();
  EXPECT_THAT(server_.arguments(), ElementsAre(1, 2, 3, 4, 5));
  for (const RequestHeader& request : server_.requests) {
    EXPECT_EQ(request.cookie, 4711U);
    server_.answer(request, Errc::ok, request.argument);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(value_of(calls[i]), i + 1);
}

TEST_F(ChannelTest, NotificationsAskForNoReplyAndAreFewUntilSomethingIsHeard) {
  EXPECT_FALSE(channel_.may_notify()) << "it is not open";
  Call opening = start(1);
  settle();
  server_.answer(server_.requests[0], Errc::ok, 0);
  value_of(opening);
  server_.requests.clear();
  const auto notify_all = [&] {
    std::uint32_t sent = 0;
    RequestHeader header;
    header.opcode = Opcode::close;
    for (; channel_.may_notify(); ++sent) channel_.notify(header);
    return sent;
  };
  EXPECT_EQ(notify_all(), Channel::kMaxUnheard);
  settle();
  EXPECT_EQ(server_.requests.size(), Channel::kMaxUnheard);
  EXPECT_FALSE(Channel::is_awaited(server_.requests[0].request_id));
  Call call = start(2);
  settle();
  EXPECT_TRUE(Channel::is_awaited(server_.requests.back().request_id));
  EXPECT_FALSE(channel_.may_notify());
  server_.answer(server_.requests.back(), Errc::ok, 0);
  value_of(call);
  EXPECT_EQ(notify_all(), Channel::kMaxUnheard);
}

TEST_F(ChannelTest, AServerThatDoesNotAnswerGivesIoErrorWithinTheDeadline) {
  Call answered = start(1);
  settle();
  server_.answer(server_.requests[0], Errc::ok, 0);
  value_of(answered);
  const TimePoint begin = clock_.now();
  Call silent = start(2);
  EXPECT_EQ(error_of(silent), Errc::io_error);
  EXPECT_GE(clock_.now() - begin, kDeadline);
  EXPECT_LE(clock_.now() - begin, kLatest);
  EXPECT_FALSE(channel_.is_open());
}

TEST_F(ChannelTest, AServerThatIsSlowButGivesSignsOfLifeIsWaitedFor) {
  server_.answers_pings = true;
  Call slow = start(1);
  const TimePoint begin = clock_.now();
  while (clock_.now() - begin < 5 * kDeadline) turn();
  EXPECT_FALSE(slow.done());
  EXPECT_LE(server_.pings, 10) << "two for each deadline";
  server_.answer(server_.requests.at(0), Errc::ok, 7);
  EXPECT_EQ(value_of(slow), 7U);
  EXPECT_EQ(server_.connects.size(), 1U);
}

TEST_F(ChannelTest, ACallThatALivingServerNeverAnswersEndsTheConnectionAfterTenDeadlines) {
  server_.answers_pings = true;
  Call never = start(1);
  const TimePoint begin = clock_.now();
  EXPECT_EQ(error_of(never), Errc::io_error);
  EXPECT_GE(clock_.now() - begin, Channel::kPatience * kDeadline);
  EXPECT_LE(clock_.now() - begin, Channel::kPatience * kDeadline + kDeadline / 8);
  // What the server does late belongs to a connection that is gone.
  EXPECT_FALSE(channel_.is_open());
}

TEST_F(ChannelTest, ANewConnectionIsNotJudgedByTheSilenceOfTheOldOne) {
  Call silent = start(1);
  while (clock_.now() - TimePoint() < kDeadline / 2) turn();
  Call last_in_the_old = start(2);
  EXPECT_EQ(error_of(silent), Errc::io_error);
  EXPECT_EQ(error_of(last_in_the_old), Errc::io_error);
  const TimePoint begin = clock_.now();
  server_.answers_connects = false;
  Call next = start(3);
  EXPECT_EQ(error_of(next), Errc::io_error);
  EXPECT_GE(clock_.now() - begin, kDeadline);
}

TEST_F(ChannelTest, ASlowServerThatFallsSilentGivesIoErrorWithinTheDeadlineOfItsLastSignOfLife) {
  server_.answers_pings = true;
  Call slow = start(1);
  const TimePoint begin = clock_.now();
  while (clock_.now() - begin < 2 * kDeadline) turn();
  server_.answers_pings = false;
  const TimePoint silent = clock_.now();
  EXPECT_EQ(error_of(slow), Errc::io_error);
  EXPECT_LE(clock_.now() - silent, kLatest);
}

TEST_F(ChannelTest, ManyCallsToAServerThatDoesNotEvenConnectWaitForOneDeadline) {
  server_.answers_connects = false;
  std::vector<Call> calls;
  for (std::uint64_t i = 0; i < 10; ++i) calls.push_back(start(i));
  for (Call& call : calls) EXPECT_EQ(error_of(call), Errc::io_error);
  EXPECT_LE(clock_.now() - TimePoint(), kLatest);
  EXPECT_EQ(server_.connects.size(), 1U);
}

TEST_F(ChannelTest, AServerThatWasLateIsConnectedAgainUnderANewCookie) {
  Call late = start(1);
  EXPECT_EQ(error_of(late), Errc::io_error);
  const std::uint64_t old_cookie = channel_.cookie();
  Call next = start(2);
  settle();
  ASSERT_EQ(server_.connects.size(), 2U);
  ASSERT_THAT(server_.arguments(), ElementsAre(1, 2));
  EXPECT_NE(channel_.cookie(), old_cookie);
  EXPECT_EQ(server_.requests[1].cookie, channel_.cookie());
  server_.answer(server_.requests[1], Errc::ok, 5);
  EXPECT_EQ(value_of(next), 5U);
}

TEST_F(ChannelTest, ALateReplyIsDroppedAlthoughItsSlotIsUsedAgain) {
  Call late = start(1);
  EXPECT_EQ(error_of(late), Errc::io_error);
  Call next = start(2);
  settle();
  ASSERT_THAT(server_.arguments(), ElementsAre(1, 2));
  ASSERT_EQ(slot_of(server_.requests[0]), slot_of(server_.requests[1]));
  server_.answer(server_.requests[0], Errc::ok, 1);
  settle();
  EXPECT_FALSE(next.done());
  server_.answer(server_.requests[1], Errc::ok, 2);
  EXPECT_EQ(value_of(next), 2U);
}

TEST_F(ChannelTest, ASecondReplyToOneRequestIsDropped) {
  Call call = start(1);
  settle();
  server_.answer(server_.requests[0], Errc::ok, 1);
  server_.answer(server_.requests[0], Errc::ok, 2);
  EXPECT_EQ(value_of(call), 1U);
  Call next = start(2);
  settle();
  server_.answer(server_.requests[0], Errc::ok, 3);
  settle();
  EXPECT_FALSE(next.done());
  server_.answer(server_.requests[1], Errc::ok, 4);
  EXPECT_EQ(value_of(next), 4U);
}

TEST_F(ChannelTest, AReplyWhoseIdNamesAnotherServerSlotOrGenerationIsIgnored) {
  Call call = start(1);
  settle();
  const RequestHeader asked = server_.requests[0];
  for (const std::uint64_t flipped :
       {std::uint64_t{1}, std::uint64_t{0x8000}, std::uint64_t{1} << 16, std::uint64_t{1} << 31,
        std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    RequestHeader forged = asked;
    forged.request_id ^= flipped;
    server_.answer(forged, Errc::ok, 666);
  }
  settle();
  EXPECT_FALSE(call.done());
  server_.answer(asked, Errc::ok, 1);
  EXPECT_EQ(value_of(call), 1U);
}

TEST_F(ChannelTest, TheFailureOfTheEndpointGivesIoErrorToAllCallsAtOnceAndForGood) {
  std::vector<Call> calls;
  for (std::uint64_t i = 0; i < 10; ++i) calls.push_back(start(i));
  settle();
  ASSERT_EQ(server_.requests.size(), 10U);
  const TimePoint death = clock_.now();
  network_.kill(server_.worker);
  for (Call& call : calls) EXPECT_EQ(error_of(call), Errc::io_error);
  Call later = start(11);
  EXPECT_EQ(error_of(later), Errc::io_error);
  EXPECT_LE(clock_.now() - death, std::chrono::milliseconds(10));
}

/// What is logged as an error while it lives.
class CapturedErrors {
 public:
  CapturedErrors() {
    log::logger().sinks().push_back(sink_);
    spdlog::set_level(spdlog::level::err);
  }
  ~CapturedErrors() {
    spdlog::set_level(spdlog::level::off);
    log::logger().sinks().pop_back();
  }
  CapturedErrors(const CapturedErrors&) = delete;
  CapturedErrors& operator=(const CapturedErrors&) = delete;
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::sinks::ostream_sink_mt> sink_ =
      std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
};

TEST_F(ChannelTest, AServerThatHasSaidGoodbyeIsNotMissedByWhoWaitsForNothing) {
  Call call = start(1);
  settle();
  server_.answer(server_.requests.back(), Errc::ok, 1);
  EXPECT_EQ(value_of(call), 1U);
  const CapturedErrors errors;
  server_.say_goodbye(1);
  settle();
  network_.kill(server_.worker);
  settle();
  EXPECT_EQ(errors.text(), "");
  EXPECT_FALSE(channel_.is_open());
}

TEST_F(ChannelTest, AServerThatGoesIsMissedByWhoWaitsForIt) {
  Call call = start(1);
  settle();
  const CapturedErrors errors;
  server_.say_goodbye(1);
  network_.kill(server_.worker);
  EXPECT_EQ(error_of(call), Errc::io_error);
  EXPECT_NE(errors.text().find("it is gone"), std::string::npos) << errors.text();
}

TEST_F(ChannelTest, ARefusedConnectGivesTheServersError) {
  server_.refusal = Errc::access_denied;
  Call call = start(1);
  EXPECT_EQ(error_of(call), Errc::access_denied);
  EXPECT_TRUE(server_.requests.empty());
  EXPECT_FALSE(channel_.is_open());
}

}  // namespace
}  // namespace mayfly
