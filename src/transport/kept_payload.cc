#include "transport/kept_payload.h"

#include <cstring>
#include <new>

namespace mayfly {

std::unique_ptr<Payload> KeptPayload::copy(Bytes bytes) {
  void* const place = FramePool::allocate(sizeof(KeptPayload) + bytes.size());
  auto* const payload = ::new (place) KeptPayload(bytes.size());
  std::memcpy(static_cast<void*>(payload + 1), bytes.data(), bytes.size());
  return std::unique_ptr<Payload>(payload);
}

void KeptPayload::operator delete(KeptPayload* payload, std::destroying_delete_t) noexcept {
  const std::size_t bytes = sizeof(KeptPayload) + payload->size_;
  payload->~KeptPayload();
  FramePool::release(payload, bytes);
}

Task<Status> KeptPayload::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == size_);
  std::memcpy(into.data(), inline_bytes().data(), size_);
  co_return Status();
}

}  // namespace mayfly
