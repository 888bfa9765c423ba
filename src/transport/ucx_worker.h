// UcxWorker: the Worker over UCX: shared memory inside a node, RDMA or TCP between nodes.
//
// Owner, thread, order, failure: see Worker. Several threads may use it one at a time.
// Bounds: it keeps at most 1,024 idle posts (0.5 KiB each) and transfers. Posts and messages in
// flight are bounded by those who send: requests by the protocol's slots, replies by the requests.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "transport/ucx_connection.h"
#include "transport/ucx_endpoint.h"
#include "transport/ucx_handles.h"
#include "transport/ucx_lanes.h"
#include "transport/ucx_post.h"
#include "transport/ucx_transfer.h"
#include "transport/worker.h"

namespace mayfly {

class UcxWorker final : public Worker {
 public:
  static Result<std::unique_ptr<UcxWorker>, Failure> create(const UcxOptions& options);
  UcxWorker(const UcxWorker&) = delete;
  UcxWorker& operator=(const UcxWorker&) = delete;
  ~UcxWorker() override;

  std::size_t poll() override;
  bool arm() override;
  void before_yield(TimePoint now) override {
    if (lanes_ != nullptr) lanes_->before_yield(now);
  }
  int event_fd() const override {
    return lanes_ == nullptr ? handles_->event_fd() : lanes_->event_fd();
  }

  void set_receiver(Receiver* receiver) override { receiver_ = receiver; }
  Bytes address() const override { return address_; }
  Result<std::unique_ptr<Endpoint>> connect(Bytes address) override;
  Result<std::unique_ptr<RegisteredMemory>> allocate(std::size_t bytes) override;

  // For the other classes of this folder.
  UcxHandles& handles() { return *handles_; }
  UcxPost::Pool& posts() { return posts_; }
  UcxTransfer::Pool& transfers() { return transfers_; }
  /// Where to count the receive of what came by `sender`; null if that connection has failed.
  UcxFlight* flight_of(ucp_ep_h sender);
  void has_failed(UcxConnection& connection);
  void has_closed(UcxConnection& connection, ucp_ep_h handle);
  void take_up_lane(UcxConnection& connection);
  void leave_lane(UcxConnection& connection);

 private:
  /// A message on its way from UCX's callback to the end of poll().
  struct Arrival {
    Arrival(const void* header_begin, std::size_t header_size);
    Arrival(Arrival&&) noexcept = default;
    std::array<std::byte, kMaxHeaderBytes> header;
    std::size_t header_bytes;
    std::unique_ptr<Payload> payload;
    std::unique_ptr<std::string> sender_address;
  };

  UcxWorker(std::unique_ptr<UcxHandles> handles, const UcxOptions& options);
  ucs_status_t listen();
  static ucs_status_t plain_arrived(void* self, const void* header, std::size_t header_bytes,
                                    void* data, std::size_t bytes,
                                    const ucp_am_recv_param_t* param);
  static ucs_status_t addressed_arrived(void* self, const void* header, std::size_t header_bytes,
                                        void* data, std::size_t bytes,
                                        const ucp_am_recv_param_t* param);
  static ucs_status_t offer_arrived(void* self, const void* header, std::size_t header_bytes,
                                    void* data, std::size_t bytes,
                                    const ucp_am_recv_param_t* param);
  UcxConnection& open_connection(const UcxAddress& address);
  void offer_lane(UcxConnection& connection);
  UcxEndpoint* reply_endpoint_to(const std::string& address);
  void deliver();
  void report_failures();
  void hurry_draining();
  void look_after_peers();
  void forget_closed();

  // UCX returns what it still has when the handles go: they go before the pools.
  UcxPost::Pool posts_;
  UcxTransfer::Pool transfers_;
  std::unique_ptr<UcxHandles> handles_;
  /// Null: there is no memory to share with anybody.
  std::unique_ptr<UcxLanes> lanes_;
  std::vector<std::byte> address_;
  Nanoseconds keepalive_;
  TimePoint looked_after_{};
  std::uint32_t polls_ = 0;
  Receiver* receiver_ = nullptr;
  /// Receives of rendezvous payloads from peers that no connection of ours leads to.
  UcxFlight strangers_;

  std::vector<Arrival> arrived_;
  std::vector<Arrival> delivering_;
  /// Failed and not yet reported; failed or closed and not yet drained.
  std::vector<UcxConnection*> failed_;
  std::vector<UcxConnection*> draining_;
  std::unordered_map<ucp_ep_h, std::unique_ptr<UcxConnection>> open_;
  /// Closed, or never opened, and still led to or draining.
  std::vector<std::unique_ptr<UcxConnection>> closed_;
  /// By the peer's sealed address; kept as long as the worker, for messages may still point there.
  std::unordered_map<std::string, std::unique_ptr<UcxEndpoint>> reply_endpoints_;
};

}  // namespace mayfly
