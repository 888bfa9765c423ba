// Any bytes as a body with the name and value of an extended attribute: decoded or refused, and
// encoded again they are the same.
#include <algorithm>

#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto body = mayfly::decode_extended(bytes);
  if (body && !std::ranges::equal(mayfly::encode(*body), bytes)) __builtin_trap();
  return 0;
}
