// UcxEndpoint: what a user holds of a UcxConnection.
//
// Owner: the user, or for reply endpoints the worker. Several can lead to one connection (the reply
//   endpoint and the one that the user made afterwards); closing one closes the connection.
// Thread: the worker's.
#pragma once

#include "transport/ucx_connection.h"
#include "transport/worker.h"

namespace mayfly {

class UcxEndpoint final : public Endpoint {
 public:
  enum class Role { user, reply };
  UcxEndpoint(Role role, UcxConnection& connection);
  UcxEndpoint(const UcxEndpoint&) = delete;
  UcxEndpoint& operator=(const UcxEndpoint&) = delete;
  ~UcxEndpoint() override;

  void post(Bytes header, Bytes payload) override;
  bool posts(std::size_t payload_bytes) const override {
    return payload_bytes <= kMaxPostedPayloadBytes || lane_for(payload_bytes) != nullptr;
  }
  void post_with_reply(Bytes header, Bytes payload) override;
  Task<Status> send(Bytes header, Bytes payload) override;
  Result<std::unique_ptr<RemoteBuffer>> import(Bytes exported) override;
  Task<Status> put(Bytes local, RemoteBuffer& remote, std::uint64_t offset) override;
  Task<Status> get(MutableBytes local, RemoteBuffer& remote, std::uint64_t offset) override;
  Task<Status> flush() override;
  bool take_up_lane() override;
  bool has_failed() const override { return connection_ == nullptr || !connection_->is_open(); }
  Task<void> close() override;

  /// Null for a reply endpoint whose connection has ended.
  UcxConnection* connection() const { return connection_; }
  /// For the worker: leads a reply endpoint to a new connection, or nowhere.
  void lead_to(UcxConnection* connection);

 private:
  std::optional<Gate::Pass> enter() {
    return connection_ == nullptr ? std::nullopt : connection_->enter();
  }
  UcxEndpoint*& place() const;
  /// Null: it goes by UCX.
  Lane* lane_for(std::size_t payload_bytes) const;

  Role role_;
  UcxConnection* connection_;
};

}  // namespace mayfly
