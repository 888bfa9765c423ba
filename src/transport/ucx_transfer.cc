#include "transport/ucx_transfer.h"

#include <algorithm>
#include <utility>

#include "transport/ucx_flight.h"
#include "transport/ucx_status.h"

namespace mayfly {

UcxTransfer::Lease::Lease(Pool& pool, UcxFlight& flight, Gate::Pass pass)
    : transfer_(pool.take(pool)) {
  transfer_->ended_.emplace();
  transfer_->pass_.emplace(std::move(pass));
  transfer_->holders_ = 2;
  transfer_->is_receive_ = false;
  flight.transfers.push_back(transfer_);
}

UcxTransfer::Lease::~Lease() { transfer_->let_go(); }

Bytes UcxTransfer::keep(Bytes header) {
  MAYFLY_ASSERT(header.size() <= header_.size());
  std::copy(header.begin(), header.end(), header_.begin());
  return {header_.data(), header.size()};
}

ucp_request_param_t UcxTransfer::parameters() {
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA;
  params.cb.send = &UcxTransfer::sent;
  params.user_data = this;
  return params;
}

ucp_request_param_t UcxTransfer::receive_parameters() {
  ucp_request_param_t params = parameters();
  params.cb.recv_am = &UcxTransfer::received;
  is_receive_ = true;
  return params;
}

void UcxTransfer::started(ucs_status_ptr_t request) {
  // A request means that the callback comes or, for receives, may have come within the call.
  if (!UCS_PTR_IS_PTR(request)) finish(UCS_PTR_RAW_STATUS(request));
}

void UcxTransfer::sent(void* request, ucs_status_t status, void* self) {
  ucp_request_free(request);
  static_cast<UcxTransfer*>(self)->finish(status);
}

void UcxTransfer::received(void* request, ucs_status_t status, std::size_t /*bytes*/, void* self) {
  sent(request, status, self);
}

void UcxTransfer::finish(ucs_status_t status) {
  if (!ended_->done()) end(errc_from(status));
  let_go();
}

void UcxTransfer::end(Errc result) {
  unlink();
  pass_.reset();
  ended_->complete(to_errno(result));
}

void UcxTransfer::let_go() {
  if (--holders_ == 0) pool_.give_back(this);
}

}  // namespace mayfly
