// Channel: the requesting side of a connection to one server.
//
// Owner: a session, or a server towards its peers. Loop, worker and session info outlive it.
// Thread: the loop's.
// Order: requests arrive in the order in which call() was started, once the channel is open. It
//   opens itself at the first call; callers meanwhile wait.
// Failure: a server that is gone, or that gives no sign of life for a deadline (give or take an
//   eighth) while something is asked of it, gives io_error to all calls; the reason is logged once,
//   with the server's name. One that is only slow, but answers pings, is waited for, up to
//   kPatience deadlines (for a lock without limit); then that is the end of the connection too.
//   Such a server may be connected again by a later call, one whose endpoint failed stays failed.
//   Late replies carry an old generation of their request id and are dropped.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/deadline.h"
#include "async/event_loop.h"
#include "async/semaphore.h"
#include "protocol/call_times.h"
#include "protocol/header.h"
#include "protocol/session_info.h"
#include "transport/worker.h"

namespace mayfly {

/// A server's answer.
class Reply {
 public:
  Reply(const ReplyHeader& header, Body body) : header(header), body(std::move(body)) {}
  ReplyHeader header;
  Body body;
  /// Bytes of the body that stand where the caller wanted them, and not in `body`.
  std::size_t placed = 0;
  Status status() const { return to_status(errc_from(header.error)); }
};

/// Whether a request was answered, and with success.
inline Status status_of(const Result<Reply>& reply) {
  return reply ? reply->status() : reply.error();
}

/// Requests by opcode. "Round trip" is meant wherever a cost is stated in requests; what needs no
/// reply is counted too.
using RequestCounts = std::array<std::uint64_t, kOpcodes>;

class Channel {
 public:
  static constexpr Nanoseconds kDefaultDeadline = std::chrono::seconds(30);
  /// Requests in flight; more wait in FIFO order. With inline payloads of 8 KiB one channel keeps
  /// at most 2 MiB of receive buffers of the server's UCX busy.
  static constexpr std::uint64_t kMaxPending = 256;
  /// Notifications after which a sender that counts them waits for a reply.
  static constexpr std::uint32_t kMaxUnheard = 64;
  /// In the id of a request that nothing waits for.
  static constexpr std::uint16_t kNoSlot = UINT16_MAX;
  /// Deadlines that a request may take at a server that gives signs of life: an fsync on a drive
  /// with much to write back, or a write behind those of many clients.
  static constexpr std::uint64_t kPatience = 10;

  Channel(EventLoop& loop, Worker& worker, const SessionInfo& session, std::uint32_t server,
          Nanoseconds deadline = kDefaultDeadline);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  class Call;
  /// Sends a request; co_await waits for its reply, whose header may hold an error of the
  /// operation's own. Fills in version, request id and cookie. `payload` stays the caller's until
  /// then; whoever waits must not be destroyed earlier if the payload is longer than
  /// kMaxPostedPayloadBytes. An inline body of the reply that is not longer than `into` is copied
  /// to it (Reply::placed).
  Call call(const RequestHeader& header, Bytes payload = {}, MutableBytes into = {});
  /// Sends a request that has no reply; dropped if the channel is not open.
  void notify(RequestHeader header);
  /// False while so many of them are out, with nothing heard since, that the next request should
  /// wait for a reply: nothing else bounds what stands in the queues of a slow server.
  bool may_notify() const { return state_ == State::open && unheard_ < kMaxUnheard; }

  /// Copies to and from the server's Buffers; only on one-sided channels that are open. Not to be
  /// destroyed before they are done, which is when a call would be.
  Task<Status> put(Bytes local, std::uint64_t slab_offset);
  Task<Status> get(MutableBytes local, std::uint64_t slab_offset);
  /// Receives the payload of a reply.
  Task<Status> receive(Reply& reply, MutableBytes into);

  /// Opens the channel if it is not open.
  Task<Status> open();
  bool is_open() const { return state_ == State::open; }
  /// Whether the server's memory can be reached one-sidedly. Known once open.
  bool is_one_sided() const { return remote_ != nullptr && remote_->is_one_sided(); }
  /// Whether requests go through memory that is shared with the server. Known once open.
  bool has_lane() const { return has_lane_; }
  /// From now on requests and transfers are timed; `times` outlives the channel.
  void time_into(CallTimes& times) { times_ = &times; }
  std::uint32_t server() const { return server_; }
  /// Sent since the beginning.
  const RequestCounts& sent() const { return sent_; }
  /// Names the connection: another one after the channel was closed and opened again.
  std::uint64_t cookie() const { return cookie_; }
  /// "server 2 on node17".
  std::string describe() const;

  /// Says goodbye and closes; what is pending fails with not_connected.
  Task<void> close();
  /// Closes without a word, for a server that is known to be going.
  Task<void> drop();

  /// Whether its sender has something that waits for the reply.
  static bool is_awaited(std::uint64_t request_id) { return slot_of(request_id) != kNoSlot; }

  /// The id of the reply, to no request, by which a server that ends says so to all of its peers:
  /// who waits for nothing does not miss it.
  static std::uint64_t goodbye_of(std::uint32_t server) {
    return std::uint64_t{kNoSlot} << 16 | server;
  }

  /// Routing, by the owner's Receiver. True if the endpoint was this channel's.
  static std::uint32_t server_of(std::uint64_t request_id) { return request_id & 0xffff; }
  static std::uint16_t slot_of(std::uint64_t request_id) {
    return static_cast<std::uint16_t>(request_id >> 16);
  }
  void on_reply(const ReplyHeader& header, Body body);
  bool on_endpoint_failed(Endpoint& endpoint, Errc why);

 private:
  enum class State : std::uint8_t { closed, connecting, open, dead };
  struct Pending {
    std::uint32_t generation = 0;
    std::uint64_t expires_tick = 0;
    std::uint64_t began_ticks = 0;  ///< if calls are timed
    bool used = false;
    Errc error = Errc::ok;
    MutableBytes into;
    std::optional<Reply> reply;
    Resumption* waiter = nullptr;
    bool finished() const { return reply || error != Errc::ok; }
  };
  class PendingReply;
  class Watch;

  void count(Opcode opcode);
  Task<Status> connect();
  Task<Result<Reply>> call_in_turn(RequestHeader header, Bytes payload, MutableBytes into);
  Task<Result<Reply>> exchange(RequestHeader header, Bytes payload, MutableBytes into,
                               Semaphore::Permit permit);
  /// Fills in what the reply is known by.
  std::uint16_t claim_slot(RequestHeader& header, MutableBytes into);
  void release_slot(std::uint16_t slot);
  void finish(Pending& pending, Errc error);
  void break_off(Errc why, const std::string& reason, State next);
  Task<void> close_endpoint(std::unique_ptr<Endpoint> endpoint,
                            std::unique_ptr<RemoteBuffer> remote);
  bool is_waiting() const { return in_flight_ != 0 || !transfers_.empty(); }
  void start_waiting();
  void ping();
  static void tick(void* self);
  void judge_server();

  EventLoop& loop_;
  Worker& worker_;
  const SessionInfo& session_;
  std::uint32_t server_;
  State state_ = State::closed;
  std::uint64_t cookie_ = 0;
  bool has_lane_ = false;
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<RemoteBuffer> remote_;
  Semaphore connecting_{1};
  std::uint64_t failed_connects_ = 0;
  Semaphore permits_{kMaxPending};
  std::uint64_t breaks_ = 0;  ///< how often the connection was broken off
  bool leaving_ = false;
  bool has_heard_goodbye_ = false;
  std::size_t closing_ = 0;

  std::deque<Pending> pending_;
  std::vector<std::uint16_t> free_slots_;
  std::size_t in_flight_ = 0;
  RequestCounts sent_{};
  CallTimes* times_ = nullptr;
  std::uint32_t unheard_ = 0;  ///< notifications since the last reply
  IntrusiveList<Watch> transfers_;

  Nanoseconds tick_length_;
  Timer timer_;
  std::uint64_t tick_ = 0;
  /// When the server gave its last sign of life, or when it was first asked for one since.
  std::uint64_t heard_tick_ = 0;
};

/// A request that waits for its reply; gives its slot back at the end, however that comes.
class Channel::PendingReply {
 public:
  PendingReply(Channel& channel, RequestHeader& header, MutableBytes into)
      : channel_(channel), slot_(channel.claim_slot(header, into)) {}
  PendingReply(const PendingReply&) = delete;
  PendingReply& operator=(const PendingReply&) = delete;
  ~PendingReply() { channel_.release_slot(slot_); }
  bool await_ready() const { return pending().finished(); }
  void await_suspend(std::coroutine_handle<> handle) {
    resumption_.suspend(handle);
    pending().waiter = &resumption_;
  }
  Result<Reply> await_resume() {
    if (!pending().reply) return pending().error;
    return std::move(*pending().reply);
  }

 private:
  Pending& pending() const { return channel_.pending_[slot_]; }
  Channel& channel_;
  std::uint16_t slot_;
  Resumption resumption_;
};

/// What call() gives, to be awaited at once. A small request on an open channel, which is nearly
/// every one, needs no coroutine of its own.
class Channel::Call {
 public:
  Call(Channel& channel, RequestHeader header, Bytes payload, MutableBytes into);
  /// A request that is not sent.
  explicit Call(Errc refusal) : refusal_(refusal) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  bool await_ready() const { return refusal_ != Errc::ok || (reply_ && reply_->await_ready()); }
  bool await_suspend(std::coroutine_handle<> handle) {
    if (!reply_) return in_turn_->await_suspend(handle);
    reply_->await_suspend(handle);
    return true;
  }
  Result<Reply> await_resume() {
    if (refusal_ != Errc::ok) return refusal_;
    return reply_ ? reply_->await_resume() : in_turn_->await_resume();
  }

 private:
  Errc refusal_ = Errc::ok;
  Semaphore::Permit permit_;
  std::optional<PendingReply> reply_;
  std::optional<Task<Result<Reply>>::Awaiter> in_turn_;
};

inline Channel::Call Channel::call(const RequestHeader& header, Bytes payload, MutableBytes into) {
  return Call(*this, header, payload, into);
}

/// What all channels of one owner have sent.
RequestCounts sum_of_sent(const std::vector<std::unique_ptr<Channel>>& channels);

}  // namespace mayfly
