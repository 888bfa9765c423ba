#include "memory/slab.h"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/units.h"
#include "memory/aligned_room.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace mayfly {
namespace {

std::size_t huge_bytes_of(const std::byte* memory) {
  std::FILE* smaps = std::fopen("/proc/self/smaps", "re");
  if (smaps == nullptr) return 0;
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  char line[512];
  bool inside = false;
  std::size_t bytes = 0;
  while (std::fgets(line, sizeof line, smaps) != nullptr) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    std::size_t kib = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2) {
      inside = begin <= address && address < end;
    } else if (inside && (std::sscanf(line, "AnonHugePages: %zu", &kib) == 1 ||
                          std::sscanf(line, "ShmemPmdMapped: %zu", &kib) == 1)) {
      bytes += kib * kKiB;
    }
  }
  std::fclose(smaps);
  return bytes;
}

}  // namespace

std::size_t back_with_huge_pages(std::span<std::byte> memory) {
  ::madvise(memory.data(), memory.size(), MADV_HUGEPAGE);
  // A huge page of which a single small one is there is completed as it is collapsed; to touch all
  // of the small ones first takes up to 40 times as long.
  for (std::size_t at = 0; at < memory.size(); at += kHugePageBytes) memory[at] = std::byte{};
  ::madvise(memory.data(), memory.size(), MADV_COLLAPSE);
  std::memset(memory.data(), 0, memory.size());
  return huge_bytes_of(memory.data());
}

Result<Slab> Slab::allocate(std::size_t bytes) {
  const std::size_t size = round_up(bytes, kHugePageBytes);
  std::byte* const begin = reserve_aligned_room(size, PROT_READ | PROT_WRITE);
  if (begin == nullptr) return errc_from(errno);
  const std::span<std::byte> memory(begin, size);
  return Slab(memory, back_with_huge_pages(memory));
}

Slab::Slab(Slab&& other) noexcept
    : memory_(std::exchange(other.memory_, {})), huge_bytes_(other.huge_bytes_) {}

Slab::~Slab() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
}

}  // namespace mayfly
