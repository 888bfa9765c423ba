// Any bytes as what a server says of a file's data, and as a time: decoded or refused.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto body = mayfly::decode_extent(bytes);
  if (body && size != sizeof *body) __builtin_trap();
  const auto time = mayfly::decode_time(bytes);
  if (time && size != sizeof *time) __builtin_trap();
  return 0;
}
