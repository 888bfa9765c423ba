// Any bytes as a page of directory entries: decoded or refused, and what was decoded can be used.
#include "protocol/bodies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mayfly::Bytes bytes = std::as_bytes(std::span(data, size));
  const auto entries = mayfly::decode_entries(bytes);
  if (!entries) return 0;
  mayfly::WireBytes again;
  for (const mayfly::DirectoryEntry& entry : *entries) mayfly::append(again, entry);
  if (mayfly::decode_entries(again)->size() != entries->size()) __builtin_trap();
  return 0;
}
