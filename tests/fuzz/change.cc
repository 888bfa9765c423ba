// Any bytes as the body of set_attributes: decoded or refused, and what was decoded can be used.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto body = mayfly::decode_change(bytes);
  if (body && size != sizeof *body) __builtin_trap();
  return 0;
}
