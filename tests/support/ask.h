// ask: a channel's call as a task, which a test can start now and take later.
#pragma once

#include "protocol/channel.h"

namespace mayfly {

inline Task<Result<Reply>> ask(Channel& channel, RequestHeader header, Bytes payload = {},
                               MutableBytes into = {}) {
  auto reply = co_await channel.call(header, payload, into);
  co_return reply;
}

}  // namespace mayfly
