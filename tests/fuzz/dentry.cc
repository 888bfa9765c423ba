// Any bytes as a body with a name and what it leads to: decoded or refused, and encoded again they
// are the same.
#include <algorithm>

#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto body = mayfly::decode_dentry(bytes);
  if (body && !std::ranges::equal(mayfly::encode(*body), bytes)) __builtin_trap();
  return 0;
}
