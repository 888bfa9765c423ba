#include "memory/slab.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdint>

#include "base/units.h"
#include "memory/aligned_room.h"

namespace mayfly {
namespace {

/// Page faults of this process that needed no device.
long faults() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

/// Memory that processes share, as a server's: the kernel gives it in small pages by itself.
class SharedRoom {
 public:
  explicit SharedRoom(std::size_t bytes)
      : memory_(reserve_aligned_room(bytes, PROT_READ | PROT_WRITE), bytes) {
    const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED;
    const void* at = ::mmap(memory_.data(), bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    EXPECT_EQ(at, memory_.data());
  }
  SharedRoom(const SharedRoom&) = delete;
  SharedRoom& operator=(const SharedRoom&) = delete;
  ~SharedRoom() { ::munmap(memory_.data(), memory_.size()); }
  std::span<std::byte> memory() const { return memory_; }

 private:
  std::span<std::byte> memory_;
};

TEST(SlabTest, BacksSharedMemoryByHugePagesWithoutTouchingEachSmallOne) {
  constexpr std::size_t kHugePages = 8;
  const SharedRoom room(kHugePages * kHugePageBytes);
  const long before = faults();
  if (back_with_huge_pages(room.memory()) != room.memory().size()) {
    GTEST_SKIP() << "the kernel gives no huge pages";
  }
  // One for each huge page, and what a sanitizer's own memory takes.
  EXPECT_LT(faults() - before, static_cast<long>(room.memory().size() / kPageBytes / 2));
  for (const std::byte b : room.memory()) ASSERT_EQ(b, std::byte{0});
}

TEST(SlabTest, IsAlignedToHugePagesAndZeroed) {
  const auto slab = Slab::allocate(3 << 20);
  ASSERT_TRUE(slab);
  EXPECT_EQ(slab->memory().size(), 2 * kHugePageBytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slab->memory().data()) % kHugePageBytes, 0u);
  for (const std::byte b : slab->memory()) ASSERT_EQ(b, std::byte{0});
}

}  // namespace
}  // namespace mayfly
