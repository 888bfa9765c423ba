#include "transport/ucx_rendezvous.h"

#include <utility>

#include "transport/ucx_transfer.h"
#include "transport/ucx_worker.h"

namespace mayfly {

UcxRendezvous::~UcxRendezvous() {
  if (description_ != nullptr) ucp_am_data_release(worker_.handles().worker(), description_);
}

Task<Status> UcxRendezvous::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == size_ && description_ != nullptr);
  UcxFlight* flight = worker_.flight_of(sender_);
  if (flight == nullptr) co_return Errc::not_connected;
  auto pass = flight->gate.enter();
  if (!pass) co_return Errc::not_connected;
  UcxTransfer::Lease transfer(worker_.transfers(), *flight, std::move(*pass));
  const ucp_request_param_t params = transfer->receive_parameters();
  transfer->started(ucp_am_recv_data_nbx(worker_.handles().worker(),
                                         std::exchange(description_, nullptr), into.data(), size_,
                                         &params));
  const std::int64_t result = co_await transfer->ended();
  co_return to_status(static_cast<Errc>(result));
}

}  // namespace mayfly
