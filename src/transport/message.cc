#include "transport/message.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mayfly {

Message::Message(Bytes header, std::unique_ptr<Payload> payload, Endpoint* reply_endpoint)
    : header_bytes_(header.size()), payload_(std::move(payload)), reply_endpoint_(reply_endpoint) {
  MAYFLY_ASSERT(header.size() <= kMaxHeaderBytes);
  std::copy(header.begin(), header.end(), header_.begin());
}

Task<Status> Message::receive(MutableBytes into) {
  MAYFLY_ASSERT(into.size() == payload_bytes());
  if (is_rendezvous()) co_return co_await payload_->receive(into);
  if (!into.empty()) std::memcpy(into.data(), payload().data(), into.size());
  co_return Status();
}

}  // namespace mayfly
