#include "transport/aligned_hole.h"

#include <sys/mman.h>

#include <cstdint>

#include "base/units.h"
#include "memory/slab.h"

namespace mayfly {
namespace {

/// For a guard of a page or more at each end.
constexpr std::size_t kRoom = 2 * kHugePageBytes;

}  // namespace

AlignedHole::AlignedHole(std::size_t bytes) : bytes_(round_up(bytes, kHugePageBytes)) {
  if (bytes_ < bytes || bytes_ > SIZE_MAX / 2) return;
  void* const found = ::mmap(nullptr, bytes_ + kRoom, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return;
  begin_ = static_cast<std::byte*>(found);
  const auto address = reinterpret_cast<std::uintptr_t>(found);
  hole_ = begin_ + (round_up(address + kPageBytes, kHugePageBytes) - address);
  ::munmap(hole_, bytes_);
}

AlignedHole::~AlignedHole() {
  if (begin_ == nullptr) return;
  ::munmap(begin_, static_cast<std::size_t>(hole_ - begin_));
  std::byte* const upper = hole_ + bytes_;
  ::munmap(upper, static_cast<std::size_t>(begin_ + bytes_ + kRoom - upper));
}

}  // namespace mayfly
