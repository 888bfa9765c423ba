#include "transport/ucx_connection.h"

#include <utility>

#include "transport/ucx_status.h"
#include "transport/ucx_transfer.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

/// UCX ends what is in flight on a closed connection within some turns if it does so at all.
constexpr Nanoseconds kPatience = std::chrono::milliseconds(500);

}  // namespace

UcxConnection::UcxConnection(UcxWorker& worker, const UcxAddress& address)
    : worker_(worker), peer_(address.process), wake_name_(address.wake_name) {
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
                      UCP_EP_PARAM_FIELD_ERR_HANDLER;
  params.address = reinterpret_cast<const ucp_address_t*>(address.for_ucx.data());
  params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
  params.err_handler.cb = &UcxConnection::failed;
  params.err_handler.arg = this;
  const ucs_status_t status = ucp_ep_create(worker.handles().worker(), &params, &handle_);
  if (status == UCS_OK) return;
  handle_ = nullptr;
  failure_ = errc_from(status);
  worker_.has_failed(*this);
}

void UcxConnection::failed(void* self, ucp_ep_h /*handle*/, ucs_status_t status) {
  static_cast<UcxConnection*>(self)->fail(errc_from(status));
}

void UcxConnection::fail(Errc why) {
  if (failure_ != Errc::ok) return;
  failure_ = why;
  worker_.has_failed(*this);
}

void UcxConnection::close() {
  flight_.gate.close();
  if (handle_ == nullptr) return;
  worker_.leave_lane(*this);
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
  params.flags = UCP_EP_CLOSE_FLAG_FORCE;
  const ucs_status_ptr_t request = ucp_ep_close_nbx(handle_, &params);
  // What is in flight is counted by the gate; the close itself needs no watching.
  if (UCS_PTR_IS_PTR(request)) ucp_request_free(request);
  worker_.has_closed(*this, handle_);
  handle_ = nullptr;
}

void UcxConnection::look_after_peer() {
  if (!is_open() || peer_.may_be_alive()) return;
  fail(Errc::not_connected);
  close();
}

void UcxConnection::hurry(TimePoint now) {
  if (!patience_ends_) patience_ends_ = now + kPatience;
  if (now >= *patience_ends_) flight_.let_go(failure_ != Errc::ok);
}

void UcxConnection::make_acquaintance() {
  auto pass = enter();
  if (!pass) return;
  UcxTransfer::Lease flush(worker_.transfers(), flight_, std::move(*pass));
  const ucp_request_param_t params = flush->parameters();
  flush->started(ucp_ep_flush_nbx(handle_, &params));
}

}  // namespace mayfly
