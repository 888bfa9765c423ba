#include "memory/aligned_room.h"

#include <sys/mman.h>

#include <cstdint>

#include "base/units.h"
#include "memory/slab.h"

namespace mayfly {

std::byte* reserve_aligned_room(std::size_t bytes, int protection) {
  void* const found = ::mmap(nullptr, bytes + kHugePageBytes, protection,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(found);
  const auto address = reinterpret_cast<std::uintptr_t>(found);
  const std::size_t skip = round_up(address, kHugePageBytes) - address;
  if (skip != 0) ::munmap(begin, skip);
  if (skip != kHugePageBytes) ::munmap(begin + skip + bytes, kHugePageBytes - skip);
  return begin + skip;
}

}  // namespace mayfly
