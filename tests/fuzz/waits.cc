// Any bytes as waits for locks: decoded or refused, and encoded again they are the same.
#include <algorithm>

#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto waits = mayfly::decode_waits(bytes);
  if (!waits) return 0;
  mayfly::WireBytes again;
  for (const mayfly::WaitBody& wait : *waits) append(again, wait);
  if (!std::ranges::equal(again, bytes)) __builtin_trap();
  return 0;
}
