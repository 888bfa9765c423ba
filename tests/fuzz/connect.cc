// Any bytes as the body of connect: decoded or refused, and what was decoded can be used.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto body = mayfly::decode_connect(bytes);
  if (body && mayfly::encode(*body).size() != size) __builtin_trap();
  return 0;
}
