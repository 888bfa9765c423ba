#include "transport/body.h"

#include <cstring>

namespace mayfly {

Task<Status> Body::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == payload_bytes());
  if (is_rendezvous()) co_return co_await payload_->receive(into);
  if (!into.empty()) std::memcpy(into.data(), payload().data(), into.size());
  co_return Status();
}

}  // namespace mayfly
