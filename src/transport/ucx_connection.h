// UcxConnection: one UCX endpoint with what is in flight on it.
//
// Owner: the UcxWorker, from its making until it is closed, nothing is in flight and no Endpoint
//   leads here any more. Thread: the worker's.
// Failure: UCX tells it once; from then on nothing is begun. UCX ends what is in flight.
#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/errc.h"
#include "transport/ucx_address.h"
#include "transport/ucx_flight.h"
#include "transport/ucx_lane.h"

namespace mayfly {

class UcxEndpoint;
class UcxWorker;

class UcxConnection {
 public:
  /// A peer that cannot be reached makes a connection that has failed.
  UcxConnection(UcxWorker& worker, const UcxAddress& address);
  UcxConnection(const UcxConnection&) = delete;
  UcxConnection& operator=(const UcxConnection&) = delete;

  UcxWorker& worker() const { return worker_; }
  /// Null if it could not be made or is closed.
  ucp_ep_h handle() const { return handle_; }
  bool is_open() const { return handle_ != nullptr && failure_ == Errc::ok; }
  Errc failure() const { return failure_; }

  /// Needed to begin an operation; none once it is not open.
  std::optional<Gate::Pass> enter() {
    return is_open() ? flight_.gate.enter() : std::optional<Gate::Pass>();
  }
  UcxFlight& flight() { return flight_; }
  /// Ends all that is in flight, during the next polls.
  void close();
  /// Nothing is begun any more; the worker reports it.
  void fail(Errc why);
  const ProcessMark& peer() const { return peer_; }
  const WakeSocket::Name& wake_name() const { return wake_name_; }
  /// Fails and closes the connection if its peer is a process of this machine that has ended.
  void look_after_peer();
  /// After close(): awaits that nothing is in flight.
  Gate::Awaiter drained() { return flight_.gate.closed(); }
  bool is_draining() const { return !is_open() && flight_.gate.inside() != 0; }
  /// While draining: stops waiting for what UCX has not ended in good time.
  void hurry(TimePoint now);

  /// Flushes once, so that UCX gets to know its peer: one that dies before the first flush or
  /// rendezvous would never be reported.
  void make_acquaintance();

  /// Whether the next message is the first. That one must not go by UCX's way for short messages,
  /// for UCX 1.13 learns by the other ways only who its peer is, and without that never hears that
  /// a peer has closed.
  bool begins() { return std::exchange(is_new_, false); }

  /// Who leads here: the user's Endpoint, and the one of Message::reply_endpoint().
  UcxEndpoint* endpoint = nullptr;
  UcxEndpoint* reply_endpoint = nullptr;

  /// Null: all messages go by UCX. What the peer has offered stays here until it is taken up.
  std::unique_ptr<UcxLane> lane;
  std::vector<std::byte> lane_offer;

 private:
  static void failed(void* self, ucp_ep_h handle, ucs_status_t status);

  UcxWorker& worker_;
  ProcessMark peer_;
  WakeSocket::Name wake_name_;
  ucp_ep_h handle_ = nullptr;
  Errc failure_ = Errc::ok;
  UcxFlight flight_;
  bool is_new_ = true;
  /// When UCX has had its time; set by the first hurry().
  std::optional<TimePoint> patience_ends_;
};

}  // namespace mayfly
