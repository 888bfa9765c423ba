// Any bytes as a session's description: decoded or refused, and what was decoded can be used.
#include "protocol/session_info.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto info = mayfly::decode_session(bytes);
  if (info && mayfly::encode(*info).size() != size) __builtin_trap();
  return 0;
}
