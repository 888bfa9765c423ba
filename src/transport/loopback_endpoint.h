// LoopbackEndpoint: what a user holds of a LoopbackLink. Owner: see UcxEndpoint.
#pragma once

#include "transport/loopback_link.h"
#include "transport/worker.h"

namespace mayfly {

class LoopbackWorker;

class LoopbackEndpoint final : public Endpoint {
 public:
  enum class Role { user, reply };
  LoopbackEndpoint(Role role, LoopbackWorker& worker, std::shared_ptr<LoopbackLink> link);
  LoopbackEndpoint(const LoopbackEndpoint&) = delete;
  LoopbackEndpoint& operator=(const LoopbackEndpoint&) = delete;
  ~LoopbackEndpoint() override;

  void post(Bytes header, Bytes payload) override;
  bool posts(std::size_t payload_bytes) const override;
  void post_with_reply(Bytes header, Bytes payload) override;
  Task<Status> send(Bytes header, Bytes payload) override;
  Result<std::unique_ptr<RemoteBuffer>> import(Bytes exported) override;
  Task<Status> put(Bytes local, RemoteBuffer& remote, std::uint64_t offset) override;
  Task<Status> get(MutableBytes local, RemoteBuffer& remote, std::uint64_t offset) override;
  Task<Status> flush() override;
  bool take_up_lane() override { return false; }
  bool has_failed() const override { return !link_->is_open; }
  Task<void> close() override;

  /// For the worker: leads a reply endpoint to a new connection.
  void lead_to(std::shared_ptr<LoopbackLink> link) { link_ = std::move(link); }

 private:
  void transmit(Bytes header, Bytes payload, bool wants_reply);
  void offer(Bytes header, Bytes payload, std::shared_ptr<LoopbackOperation> operation);

  Role role_;
  LoopbackWorker& worker_;
  std::shared_ptr<LoopbackLink> link_;
};

}  // namespace mayfly
