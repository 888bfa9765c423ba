// Slab: page-aligned memory on huge pages where the kernel gives them. Page size doubles the
// device's bandwidth, so it is asked for with MADV_COLLAPSE, which works whatever sysfs says about
// shmem.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"

namespace mayfly {

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

/// Has all of `memory`, which nobody has used yet, there, zeroed, and on huge pages if it can;
/// returns the bytes that the kernel says are mapped by huge pages. Never fails: without huge pages
/// the memory is only slower.
std::size_t back_with_huge_pages(std::span<std::byte> memory);

/// Anonymous private memory, unmapped at the end. Aligned to kHugePageBytes.
class Slab {
 public:
  static Result<Slab> allocate(std::size_t bytes);
  Slab(Slab&& other) noexcept;
  Slab& operator=(Slab&&) = delete;
  ~Slab();

  std::span<std::byte> memory() const { return memory_; }
  std::size_t huge_bytes() const { return huge_bytes_; }

 private:
  Slab(std::span<std::byte> memory, std::size_t huge_bytes)
      : memory_(memory), huge_bytes_(huge_bytes) {}
  std::span<std::byte> memory_;
  std::size_t huge_bytes_;
};

}  // namespace mayfly
