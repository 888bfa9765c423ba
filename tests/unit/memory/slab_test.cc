#include "memory/slab.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace mayfly {
namespace {

TEST(SlabTest, IsAlignedToHugePagesAndZeroed) {
  const auto slab = Slab::allocate(3 << 20);
  ASSERT_TRUE(slab);
  EXPECT_EQ(slab->memory().size(), 2 * kHugePageBytes);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slab->memory().data()) % kHugePageBytes, 0u);
  for (const std::byte b : slab->memory()) ASSERT_EQ(b, std::byte{0});
}

}  // namespace
}  // namespace mayfly
