// Any bytes as a whole file, behind how many bytes it is said to have: decoded or refused.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const mayfly::Bytes wire = std::as_bytes(std::span(data + 1, size - 1));
  const auto body = mayfly::decode_whole_file(wire, data[0]);
  if (!body) return 0;
  if (body->bytes.size() != data[0] || mayfly::encode(*body).size() != wire.size()) {
    __builtin_trap();
  }
  return 0;
}
