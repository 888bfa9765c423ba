#include "transport/ucx_inline_payload.h"

#include <cstring>

namespace mayfly {

UcxInlinePayload::~UcxInlinePayload() {
  ucp_am_data_release(worker_, const_cast<std::byte*>(bytes_.data()));
}

Task<Status> UcxInlinePayload::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == bytes_.size());
  std::memcpy(into.data(), bytes_.data(), bytes_.size());
  co_return Status();
}

}  // namespace mayfly
