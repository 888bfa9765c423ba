// Any bytes as a request's header: decoded or refused, and what was decoded can be used.
#include "protocol/header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto header = mayfly::decode_request(bytes);
  if (header && mayfly::name_of(header->opcode) == nullptr) __builtin_trap();
  return 0;
}
