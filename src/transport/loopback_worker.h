// LoopbackWorker: the twin of UcxWorker that stays in the process, for tests and simulations.
//
// Everything that takes time is an event that is due at a later poll of the worker where it
// happens. Thread: one for the whole network.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "transport/loopback_endpoint.h"
#include "transport/loopback_link.h"
#include "transport/loopback_network.h"
#include "transport/worker.h"

namespace mayfly {

class LoopbackWorker final : public Worker {
 public:
  explicit LoopbackWorker(LoopbackNetwork& network);
  LoopbackWorker(const LoopbackWorker&) = delete;
  LoopbackWorker& operator=(const LoopbackWorker&) = delete;
  ~LoopbackWorker() override;

  std::size_t poll() override;
  bool arm() override { return events_.empty() && failed_.empty(); }
  int event_fd() const override { return event_fd_; }
  void set_receiver(Receiver* receiver) override { receiver_ = receiver; }
  Bytes address() const override { return address_; }
  Result<std::unique_ptr<Endpoint>> connect(Bytes address) override;
  Result<std::unique_ptr<RegisteredMemory>> allocate(std::size_t bytes) override;

  // For the other classes of the loopback transport.
  using Event = std::function<void()>;
  std::uint64_t id() const { return id_; }
  LoopbackNetwork& network() { return network_; }
  bool is_dead() const { return network_.was_killed(id_); }
  /// `event` happens at a later poll, not before what `due` stands for, which it moves on.
  void schedule(std::uint64_t& due, Event event);
  /// Hands a message over: called when it is due.
  void deliver(Bytes header, Body body, std::uint64_t sender, std::uint64_t number,
               bool wants_reply);
  /// The link that is the other end of a peer's; null if there is none.
  std::shared_ptr<LoopbackLink> link_to(std::uint64_t peer, std::uint64_t number) const;
  /// Ends a link of this worker and lets the peer know.
  void close(const std::shared_ptr<LoopbackLink>& link);
  /// The other end of the link is gone.
  void fail(const std::shared_ptr<LoopbackLink>& link);
  /// All links to `peer` fail after some polls.
  void lose(std::uint64_t peer, std::uint32_t polls);
  void die();

 private:
  Endpoint* reply_endpoint_to(std::uint64_t peer, std::uint64_t number);
  std::shared_ptr<LoopbackLink> add_link(std::uint64_t peer, std::uint64_t number);
  void report_failures();
  void wake();

  LoopbackNetwork& network_;
  std::uint64_t id_;
  std::vector<std::byte> address_;
  int event_fd_;
  bool awake_ = false;
  Receiver* receiver_ = nullptr;
  std::uint64_t turn_ = 0;
  /// By the poll at which they are due; bounded by what the test has under way.
  std::multimap<std::uint64_t, Event> events_;
  std::vector<std::shared_ptr<LoopbackLink>> links_;
  std::vector<std::shared_ptr<LoopbackLink>> failed_;
  std::unordered_map<std::uint64_t, std::uint64_t> next_number_;
  std::unordered_map<std::uint64_t, std::unique_ptr<LoopbackEndpoint>> reply_endpoints_;
};

}  // namespace mayfly
