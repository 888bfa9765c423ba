#include "transport/message.h"

#include <algorithm>
#include <utility>

namespace mayfly {

Message::Message(Bytes header, Body body, Endpoint* reply_endpoint)
    : Body(std::move(body)), header_bytes_(header.size()), reply_endpoint_(reply_endpoint) {
  MAYFLY_ASSERT(header.size() <= kMaxHeaderBytes);
  std::copy(header.begin(), header.end(), header_.begin());
}

}  // namespace mayfly
