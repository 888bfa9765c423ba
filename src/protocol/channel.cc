#include "protocol/channel.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/log.h"

namespace mayfly {
namespace {

/// A server may be silent for this many ticks, so deadlines are kept to an eighth.
constexpr std::uint64_t kTicksPerDeadline = 8;
constexpr std::uint64_t kTicksToPing = kTicksPerDeadline / 2;
constexpr std::uint64_t kLongestCall = Channel::kPatience * kTicksPerDeadline;
static_assert(Channel::kMaxPending < Channel::kNoSlot);
constexpr std::uint64_t make_id(std::uint32_t server, std::uint16_t slot,
                                std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | std::uint64_t{slot} << 16 | server;
}

}  // namespace

/// Keeps an eye on a transfer that cannot be cancelled: the tick breaks the channel off when it is
/// late.
class Channel::Watch : public ListHook {
 public:
  explicit Watch(Channel& channel) : expires_tick(channel.tick_ + kLongestCall + 1) {
    channel.start_waiting();
    channel.transfers_.push_back(this);
  }
  std::uint64_t expires_tick;
};

Channel::Channel(EventLoop& loop, Worker& worker, const SessionInfo& session, std::uint32_t server,
                 Nanoseconds deadline)
    : loop_(loop),
      worker_(worker),
      session_(session),
      server_(server),
      tick_length_(deadline / kTicksPerDeadline),
      timer_(loop, &Channel::tick, this) {}

Channel::~Channel() {
  MAYFLY_ASSERT(closing_ == 0);
  MAYFLY_ASSERT(in_flight_ == 0);
}

std::string Channel::describe() const {
  return fmt::format("server {} on {}", server_, session_.servers[server_].node);
}

Task<Status> Channel::open() {
  if (state_ == State::open) co_return Status();
  if (state_ == State::dead) co_return Errc::io_error;
  const std::uint64_t failures = failed_connects_;
  auto permit = co_await connecting_.acquire();
  // Whoever waited while an attempt failed has had its answer: one deadline, not one for each.
  if (failed_connects_ != failures) co_return Errc::io_error;
  if (state_ == State::open) co_return Status();
  if (state_ == State::dead) co_return Errc::io_error;
  const Status connected = co_await connect();
  if (!connected) ++failed_connects_;
  co_return connected;
}

Task<Status> Channel::connect() {
  const WireBytes& address = session_.servers[server_].address;
  auto endpoint = worker_.connect(address);
  if (!endpoint) {
    log::error("{}: cannot make a connection: {}", describe(), mayfly::describe(endpoint.error()));
    co_return Errc::io_error;
  }
  endpoint_ = std::move(*endpoint);
  state_ = State::connecting;
  heard_tick_ = tick_;
  ConnectBody body;
  body.secret = session_.secret;
  body.address = worker_.address();
  const WireBytes wire = encode(body);
  RequestHeader header;
  header.opcode = Opcode::connect;
  Semaphore::Permit none;
  auto reply = co_await exchange(header, wire, {}, std::move(none));
  if (!reply) co_return reply.error();
  if (const Status status = reply->status(); !status) {
    break_off(status.error(),
              "it refused the connection (does the session's secret belong to this session?)",
              State::dead);
    co_return status.error();
  }
  // The reply was on its way to us when the endpoint may have failed.
  if (state_ != State::connecting || endpoint_ == nullptr) co_return Errc::io_error;
  has_lane_ = endpoint_->take_up_lane();
  cookie_ = reply->header.value;
  if (!reply->body.payload().empty()) {
    auto remote = endpoint_->import(reply->body.payload());
    // Memory that cannot be reached from here is not an error: the rendezvous path needs none.
    if (remote) remote_ = std::move(*remote);
  }
  state_ = State::open;
  co_return Status();
}

Channel::Call::Call(Channel& channel, RequestHeader header, Bytes payload, MutableBytes into) {
  const bool is_posted = channel.state_ == State::open && channel.endpoint_->posts(payload.size());
  auto permit = channel.permits_.try_acquire();
  if (!is_posted || !permit) {
    permit.reset();
    in_turn_.emplace(channel.call_in_turn(header, payload, into));
    return;
  }
  permit_ = std::move(*permit);
  header.cookie = channel.cookie_;
  reply_.emplace(channel, header, into);
  channel.endpoint_->post(as_wire(header), payload);
}

Task<Result<Reply>> Channel::call_in_turn(RequestHeader header, Bytes payload, MutableBytes into) {
  const std::uint64_t breaks = breaks_;
  Semaphore::Permit permit = co_await permits_.acquire();
  // Whoever waited behind requests that ran into the deadline has waited as long as they.
  if (breaks != breaks_) co_return Errc::io_error;
  if (state_ != State::open) {
    MAYFLY_CO_CHECKED(co_await open());
    if (state_ != State::open) co_return Errc::io_error;
  }
  header.cookie = cookie_;
  co_return co_await exchange(header, payload, into, std::move(permit));
}

Task<Result<Reply>> Channel::exchange(RequestHeader header, Bytes payload, MutableBytes into,
                                      Semaphore::Permit permit) {
  if (endpoint_ == nullptr) co_return Errc::io_error;
  const Semaphore::Permit held = std::move(permit);
  PendingReply reply(*this, header, into);
  if (!endpoint_->posts(payload.size())) {
    Watch watch(*this);
    Task<Status> sending = endpoint_->send(as_wire(header), payload);
    const Status sent = co_await std::move(sending);
    if (!sent) co_return Errc::io_error;
  } else if (state_ == State::connecting) {
    endpoint_->post_with_reply(as_wire(header), payload);
  } else {
    endpoint_->post(as_wire(header), payload);
  }
  co_return co_await reply;
}

void Channel::count(Opcode opcode) {
  // Tests send opcodes that are none.
  if (index_of(opcode) < kOpcodes) ++sent_[index_of(opcode)];
}

void Channel::notify(RequestHeader header) {
  if (state_ != State::open) return;
  header.cookie = cookie_;
  header.request_id = make_id(server_, kNoSlot, 0);
  count(header.opcode);
  ++unheard_;
  endpoint_->post(as_wire(header));
}

Task<Status> Channel::put(Bytes local, std::uint64_t slab_offset) {
  if (state_ != State::open || remote_ == nullptr) co_return Errc::io_error;
  Watch watch(*this);
  const std::uint64_t began = ticks();
  Task<Status> putting = endpoint_->put(local, *remote_, slab_offset);
  if (!co_await std::move(putting)) co_return Errc::io_error;
  if (state_ != State::open) co_return Errc::io_error;
  Task<Status> flushing = endpoint_->flush();
  if (!co_await std::move(flushing)) co_return Errc::io_error;
  if (times_ != nullptr) {
    times_->puts.record(ticks() - began);
    times_->put_bytes += local.size();
  }
  co_return Status();
}

Task<Status> Channel::get(MutableBytes local, std::uint64_t slab_offset) {
  if (state_ != State::open || remote_ == nullptr) co_return Errc::io_error;
  Watch watch(*this);
  const std::uint64_t began = ticks();
  Task<Status> getting = endpoint_->get(local, *remote_, slab_offset);
  if (!co_await std::move(getting)) co_return Errc::io_error;
  if (times_ != nullptr) {
    times_->gets.record(ticks() - began);
    times_->get_bytes += local.size();
  }
  co_return Status();
}

Task<Status> Channel::receive(Reply& reply, MutableBytes into) {
  if (reply.body.is_rendezvous() && state_ != State::open) co_return Errc::io_error;
  Watch watch(*this);
  Task<Status> receiving = reply.body.receive(into);
  if (!co_await std::move(receiving)) co_return Errc::io_error;
  co_return Status();
}

std::uint16_t Channel::claim_slot(RequestHeader& header, MutableBytes into) {
  if (free_slots_.empty()) {
    MAYFLY_ASSERT(pending_.size() <= UINT16_MAX);
    free_slots_.push_back(static_cast<std::uint16_t>(pending_.size()));
    pending_.emplace_back();
  }
  const std::uint16_t slot = free_slots_.back();
  free_slots_.pop_back();
  Pending& pending = pending_[slot];
  pending.used = true;
  pending.error = Errc::ok;
  pending.into = into;
  // Others may keep a lock for as long as they like.
  const bool is_patient = header.opcode == Opcode::set_lock;
  pending.expires_tick = is_patient ? UINT64_MAX : tick_ + kLongestCall + 1;
  if (times_ != nullptr) pending.began_ticks = ticks();
  start_waiting();
  ++in_flight_;
  header.request_id = make_id(server_, slot, pending.generation);
  count(header.opcode);
  return slot;
}

void Channel::release_slot(std::uint16_t slot) {
  Pending& pending = pending_[slot];
  pending.used = false;
  pending.waiter = nullptr;
  pending.reply.reset();
  ++pending.generation;
  free_slots_.push_back(slot);
  --in_flight_;
}

void Channel::finish(Pending& pending, Errc error) {
  if (!pending.used || pending.finished()) return;
  pending.error = error;
  if (pending.waiter != nullptr) pending.waiter->schedule();
}

void Channel::on_reply(const ReplyHeader& header, Body body) {
  heard_tick_ = tick_;
  unheard_ = 0;
  const std::uint16_t slot = slot_of(header.request_id);
  const bool is_goodbye = header.request_id == goodbye_of(server_) &&
                          header.opcode == (index_of(Opcode::disconnect) | kReplyBit);
  has_heard_goodbye_ |= is_goodbye;
  if (slot >= pending_.size()) return;
  Pending& pending = pending_[slot];
  if (!pending.used || pending.finished() ||
      pending.generation != static_cast<std::uint32_t>(header.request_id >> 32)) {
    return;
  }
  if (times_ != nullptr) {
    times_->note_call(static_cast<Opcode>(header.opcode & ~kReplyBit), pending.began_ticks);
  }
  Reply& reply = pending.reply.emplace(header, std::move(body));
  const Bytes here = reply.body.payload();
  if (!here.empty() && here.size() <= pending.into.size()) {
    std::memcpy(pending.into.data(), here.data(), here.size());
    reply.placed = here.size();
    reply.body = Body();
  } else {
    reply.body.keep();
  }
  if (pending.waiter != nullptr) pending.waiter->schedule();
}

bool Channel::on_endpoint_failed(Endpoint& endpoint, Errc why) {
  if (&endpoint != endpoint_.get()) return false;
  break_off(
      Errc::io_error,
      fmt::format("it is gone ({}); its part of the file system is lost", mayfly::describe(why)),
      State::dead);
  return true;
}

void Channel::break_off(Errc why, const std::string& reason, State next) {
  if (endpoint_ == nullptr) return;
  // A server that closes after our goodbye does what it was asked, and after its own what it must.
  const bool is_missed = !leaving_ && !(has_heard_goodbye_ && !is_waiting());
  if (is_missed) log::error("{}: {}", describe(), reason);
  state_ = next;
  ++breaks_;
  for (Pending& pending : pending_) finish(pending, why);
  // Closing ends what is being transferred; the next connection is not judged by it.
  while (transfers_.pop_front() != nullptr) continue;
  ++closing_;
  loop_.spawn(close_endpoint(std::move(endpoint_), std::move(remote_)));
}

Task<void> Channel::close_endpoint(std::unique_ptr<Endpoint> endpoint,
                                   std::unique_ptr<RemoteBuffer> remote) {
  co_await endpoint->close();
  remote.reset();
  endpoint.reset();
  --closing_;
}

Task<void> Channel::close() {
  if (state_ == State::open) {
    RequestHeader header;
    header.opcode = Opcode::disconnect;
    leaving_ = true;
    auto reply = co_await call(header);
    if (!reply || !reply->status()) log::debug("{}: did not say goodbye", describe());
  }
  co_await drop();
}

Task<void> Channel::drop() {
  state_ = State::dead;
  for (Pending& pending : pending_) finish(pending, Errc::not_connected);
  if (endpoint_ != nullptr) {
    ++closing_;
    co_await close_endpoint(std::move(endpoint_), std::move(remote_));
  }
  while (closing_ != 0) co_await sleep_for(loop_, std::chrono::milliseconds(1));
}

void Channel::start_waiting() {
  if (!is_waiting()) heard_tick_ = tick_;
  if (!timer_.armed()) timer_.arm(loop_.now() + tick_length_);
}

void Channel::ping() {
  RequestHeader header;
  header.opcode = Opcode::ping;
  header.cookie = cookie_;
  header.request_id = make_id(server_, kNoSlot, 0);
  endpoint_->post(as_wire(header));
}

void Channel::tick(void* self) {
  auto& channel = *static_cast<Channel*>(self);
  ++channel.tick_;
  if (!channel.is_waiting()) return;
  channel.judge_server();
  channel.timer_.arm(channel.loop_.now() + channel.tick_length_);
}

void Channel::judge_server() {
  const std::uint64_t silence = tick_ - heard_tick_;
  if (silence > kTicksPerDeadline) {
    return break_off(Errc::io_error, "it did not answer within the deadline", State::closed);
  }
  if (silence >= kTicksToPing && state_ == State::open) ping();
  bool late = !transfers_.empty() && transfers_.front()->expires_tick <= tick_;
  for (const Pending& pending : pending_) {
    late |= pending.used && !pending.finished() && pending.expires_tick <= tick_;
  }
  // What the server does late, a slot lent or a handle counted, must go with the connection.
  if (late) break_off(Errc::io_error, "it lives, but is far too slow", State::closed);
}

RequestCounts sum_of_sent(const std::vector<std::unique_ptr<Channel>>& channels) {
  RequestCounts sum{};
  for (const auto& channel : channels) {
    for (std::size_t opcode = 0; opcode < kOpcodes; ++opcode)
      sum[opcode] += channel->sent()[opcode];
  }
  return sum;
}

}  // namespace mayfly
