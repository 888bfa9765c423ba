#include "transport/aligned_hole.h"

#include <sys/mman.h>

#include <cstdint>

#include "base/units.h"
#include "memory/aligned_room.h"
#include "memory/slab.h"

namespace mayfly {

AlignedHole::AlignedHole(std::size_t bytes) : bytes_(round_up(bytes, kHugePageBytes)) {
  if (bytes_ < bytes || bytes_ > SIZE_MAX / 2) return;
  // A huge page before it and one behind it are the guards.
  begin_ = reserve_aligned_room(bytes_ + 2 * kHugePageBytes, PROT_NONE);
  if (begin_ != nullptr) ::munmap(begin_ + kHugePageBytes, bytes_);
}

AlignedHole::~AlignedHole() {
  if (begin_ == nullptr) return;
  ::munmap(begin_, kHugePageBytes);
  ::munmap(begin_ + kHugePageBytes + bytes_, kHugePageBytes);
}

}  // namespace mayfly
