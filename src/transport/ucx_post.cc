#include "transport/ucx_post.h"

#include <cstring>
#include <utility>

namespace mayfly {
namespace {

std::byte* append(std::byte* at, Bytes bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

}  // namespace

void UcxPost::send(const Target& target, Gate::Pass pass, Bytes header, Bytes front,
                   Bytes payload) {
  pass_.emplace(std::move(pass));
  std::byte* const begin = room_for(header.size() + front.size() + payload.size());
  std::byte* const body = append(begin, header);
  append(append(body, front), payload);

  ucp_request_param_t params{};
  params.op_attr_mask =
      UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_FLAGS;
  // Which UCX does not promise for short messages.
  if (target.is_first) params.op_attr_mask |= UCP_OP_ATTR_FLAG_NO_IMM_CMPL;
  params.flags = UCP_AM_SEND_FLAG_EAGER;
  if (target.names_sender) params.flags |= UCP_AM_SEND_FLAG_REPLY;
  params.cb.send = &UcxPost::sent;
  params.user_data = this;
  const ucs_status_ptr_t request = ucp_am_send_nbx(target.endpoint, target.id, begin, header.size(),
                                                   body, front.size() + payload.size(), &params);
  if (!UCS_PTR_IS_PTR(request)) finish();
}

std::byte* UcxPost::room_for(std::size_t bytes) {
  if (bytes <= kOwnBytes) return own_.data();
  overflow_ = std::make_unique<std::byte[]>(bytes);
  return overflow_.get();
}

void UcxPost::sent(void* request, ucs_status_t /*status*/, void* self) {
  ucp_request_free(request);
  static_cast<UcxPost*>(self)->finish();
}

void UcxPost::finish() {
  pass_.reset();
  overflow_.reset();
  pool_.give_back(this);
}

}  // namespace mayfly
