#include "transport/body.h"

#include <cstring>

#include "transport/kept_payload.h"

namespace mayfly {

void Body::keep() {
  if (!lent_.empty()) payload_ = KeptPayload::copy(std::exchange(lent_, Bytes()));
}

Task<Status> Body::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == payload_bytes());
  if (is_rendezvous()) co_return co_await payload_->receive(into);
  if (!into.empty()) std::memcpy(into.data(), payload().data(), into.size());
  co_return Status();
}

}  // namespace mayfly
