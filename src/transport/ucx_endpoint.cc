#include "transport/ucx_endpoint.h"

#include <utility>

#include "transport/ucx_message_kind.h"
#include "transport/ucx_post.h"
#include "transport/ucx_remote_buffer.h"
#include "transport/ucx_transfer.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

Status status_of(std::int64_t result) { return to_status(static_cast<Errc>(result)); }

}  // namespace

UcxEndpoint::UcxEndpoint(Role role, UcxConnection& connection)
    : role_(role), connection_(&connection) {
  place() = this;
}

UcxEndpoint::~UcxEndpoint() {
  if (connection_ == nullptr) return;
  place() = nullptr;
  connection_->close();
}

UcxEndpoint*& UcxEndpoint::place() const {
  return role_ == Role::user ? connection_->endpoint : connection_->reply_endpoint;
}

void UcxEndpoint::lead_to(UcxConnection* connection) {
  if (connection_ != nullptr) place() = nullptr;
  connection_ = connection;
  if (connection_ != nullptr) place() = this;
}

Lane* UcxEndpoint::lane_for(std::size_t payload_bytes) const {
  if (has_failed() || connection_->lane == nullptr) return nullptr;
  Lane& lane = connection_->lane->lane;
  return lane.carries(payload_bytes) ? &lane : nullptr;
}

bool UcxEndpoint::take_up_lane() {
  if (connection_ == nullptr) return false;
  connection_->worker().take_up_lane(*connection_);
  return connection_->lane != nullptr;
}

void UcxEndpoint::post(Bytes header, Bytes payload) {
  MAYFLY_ASSERT(header.size() <= kMaxHeaderBytes);
  if (Lane* const lane = lane_for(payload.size())) return lane->post(header, payload);
  MAYFLY_ASSERT(payload.size() <= kMaxPostedPayloadBytes);
  auto pass = enter();
  if (!pass) return;
  UcxPost::Pool& posts = connection_->worker().posts();
  UcxPost* post = posts.take(posts);
  const UcxPost::Target target{connection_->handle(), kPlainMessage, connection_->begins()};
  post->send(target, std::move(*pass), header, {}, payload);
}

void UcxEndpoint::post_with_reply(Bytes header, Bytes payload) {
  MAYFLY_ASSERT(header.size() <= kMaxHeaderBytes && payload.size() <= kMaxPostedPayloadBytes);
  auto pass = enter();
  if (!pass) return;
  UcxWorker& worker = connection_->worker();
  UcxPost* post = worker.posts().take(worker.posts());
  const UcxPost::Target target{connection_->handle(), kMessageWithAddress, connection_->begins()};
  post->send(target, std::move(*pass), header, worker.address(), payload);
}

Task<Status> UcxEndpoint::send(Bytes header, Bytes payload) {
  if (Lane* const lane = lane_for(payload.size())) {
    lane->post(header, payload);
    co_return Status();
  }
  auto pass = enter();
  if (!pass) co_return Errc::not_connected;
  UcxTransfer::Lease transfer(connection_->worker().transfers(), connection_->flight(),
                              std::move(*pass));
  const Bytes kept = transfer->keep(header);
  ucp_request_param_t params = transfer->parameters();
  // The flag tells the receiver which connection a rendezvous belongs to.
  params.op_attr_mask |= UCP_OP_ATTR_FIELD_FLAGS;
  params.flags = UCP_AM_SEND_FLAG_REPLY;
  transfer->started(ucp_am_send_nbx(connection_->handle(), kPlainMessage, kept.data(), kept.size(),
                                    payload.data(), payload.size(), &params));
  const std::int64_t result = co_await transfer->ended();
  co_return status_of(result);
}

Result<std::unique_ptr<RemoteBuffer>> UcxEndpoint::import(Bytes exported) {
  if (has_failed()) return Errc::not_connected;
  MAYFLY_TRY(remote, UcxRemoteBuffer::open(connection_->handle(), exported));
  return std::unique_ptr<RemoteBuffer>(std::move(remote));
}

Task<Status> UcxEndpoint::put(Bytes local, RemoteBuffer& remote, std::uint64_t offset) {
  auto& target = static_cast<UcxRemoteBuffer&>(remote);
  MAYFLY_ASSERT(offset <= target.size() && local.size() <= target.size() - offset);
  target.touch(offset, local.size());
  auto pass = enter();
  if (!pass) co_return Errc::not_connected;
  UcxTransfer::Lease transfer(connection_->worker().transfers(), connection_->flight(),
                              std::move(*pass));
  const ucp_request_param_t params = transfer->parameters();
  transfer->started(ucp_put_nbx(connection_->handle(), local.data(), local.size(),
                                target.base() + offset, target.rkey(), &params));
  const std::int64_t result = co_await transfer->ended();
  co_return status_of(result);
}

Task<Status> UcxEndpoint::get(MutableBytes local, RemoteBuffer& remote, std::uint64_t offset) {
  auto& source = static_cast<UcxRemoteBuffer&>(remote);
  MAYFLY_ASSERT(offset <= source.size() && local.size() <= source.size() - offset);
  source.touch(offset, local.size());
  auto pass = enter();
  if (!pass) co_return Errc::not_connected;
  UcxTransfer::Lease transfer(connection_->worker().transfers(), connection_->flight(),
                              std::move(*pass));
  const ucp_request_param_t params = transfer->parameters();
  transfer->started(ucp_get_nbx(connection_->handle(), local.data(), local.size(),
                                source.base() + offset, source.rkey(), &params));
  const std::int64_t result = co_await transfer->ended();
  co_return status_of(result);
}

Task<Status> UcxEndpoint::flush() {
  auto pass = enter();
  if (!pass) co_return Errc::not_connected;
  UcxTransfer::Lease transfer(connection_->worker().transfers(), connection_->flight(),
                              std::move(*pass));
  const ucp_request_param_t params = transfer->parameters();
  transfer->started(ucp_ep_flush_nbx(connection_->handle(), &params));
  const std::int64_t result = co_await transfer->ended();
  co_return status_of(result);
}

Task<void> UcxEndpoint::close() {
  if (connection_ == nullptr) co_return;
  connection_->close();
  co_await connection_->drained();
}

}  // namespace mayfly
