#include "transport/ucx_inline_payload.h"

#include <cstring>
#include <new>

namespace mayfly {

UcxInlinePayload* UcxInlinePayload::make(std::size_t room, ucp_worker_h worker, Bytes bytes) {
  void* place = FramePool::allocate(sizeof(UcxInlinePayload) + room);
  return ::new (place) UcxInlinePayload(worker, bytes);
}

std::unique_ptr<Payload> UcxInlinePayload::copy(Bytes bytes) {
  UcxInlinePayload* payload = make(bytes.size(), nullptr, {});
  auto* room = reinterpret_cast<std::byte*>(payload + 1);
  std::memcpy(room, bytes.data(), bytes.size());
  payload->bytes_ = {room, bytes.size()};
  return std::unique_ptr<Payload>(payload);
}

std::unique_ptr<Payload> UcxInlinePayload::hold(ucp_worker_h worker, Bytes bytes) {
  return std::unique_ptr<Payload>(make(0, worker, bytes));
}

UcxInlinePayload::~UcxInlinePayload() {
  if (worker_ == nullptr) return;
  ucp_am_data_release(worker_, const_cast<std::byte*>(bytes_.data()));
}

void UcxInlinePayload::operator delete(UcxInlinePayload* payload,
                                       std::destroying_delete_t) noexcept {
  const std::size_t room = payload->worker_ == nullptr ? payload->bytes_.size() : 0;
  payload->~UcxInlinePayload();
  FramePool::release(payload, sizeof(UcxInlinePayload) + room);
}

Task<Status> UcxInlinePayload::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == bytes_.size());
  std::memcpy(into.data(), bytes_.data(), bytes_.size());
  co_return Status();
}

}  // namespace mayfly
