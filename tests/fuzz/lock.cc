// Any bytes as a body with a lock: decoded or refused.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = mayfly::decode_lock(std::as_bytes(std::span(data, size)));
  if (body && body->last < body->begin) __builtin_trap();
  return 0;
}
