// Any bytes as a body with a name: decoded or refused, and what was decoded can be used.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto body = mayfly::decode_new_name(bytes);
  if (body && body->name.size() > mayfly::kMaxNameBytes) __builtin_trap();
  if (body && mayfly::encode(*body).size() != size) __builtin_trap();
  const auto name = mayfly::decode_name(bytes);
  if (name && mayfly::encode_name(*name).size() != size) __builtin_trap();
  return 0;
}
