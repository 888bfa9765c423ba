// Any bytes as a reply's header: decoded or refused, and what was decoded can be used.
#include "protocol/header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto header = mayfly::decode_reply(bytes);
  if (header && (header->error < 0 || header->error > 4095)) __builtin_trap();
  return 0;
}
