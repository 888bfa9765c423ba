// Any bytes as a file of the node: decoded or refused.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = mayfly::decode_node_file(std::as_bytes(std::span(data, size)));
  if (!body) return 0;
  const auto again = mayfly::encode(*body);
  if (body->path.empty() || again.size() != size) __builtin_trap();
  return 0;
}
