#include "mpi_launch/main_job/pattern.h"

#include <gtest/gtest.h>

#include <vector>

namespace mayfly {
namespace {

std::vector<std::byte> filled(const Pattern& pattern, std::size_t bytes, std::uint64_t offset) {
  std::vector<std::byte> result(bytes);
  pattern.fill(result, offset);
  return result;
}

TEST(Pattern, IsTheSameHoweverItIsCut) {
  const Pattern pattern(3, 1);
  const std::vector<std::byte> whole = filled(pattern, 100'000, 0);
  for (const std::size_t begin : {1, 7, 8, 13, 4096, 65'537}) {
    const std::vector<std::byte> part = filled(pattern, 20'001, begin);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(begin)));
  }
}

TEST(Pattern, FindsOneWrongByteAnywhere) {
  const Pattern pattern(0, 0);
  for (const std::size_t wrong : {0, 1, 32'767, 32'768, 99'999}) {
    std::vector<std::byte> bytes = filled(pattern, 100'000, 5);
    EXPECT_FALSE(pattern.first_wrong(bytes, 5));
    bytes[wrong] ^= std::byte{0x10};
    EXPECT_EQ(pattern.first_wrong(bytes, 5), wrong);
  }
}

TEST(Pattern, OtherOwnersFilesAndPlacesLookOtherwise) {
  const std::vector<std::byte> mine = filled(Pattern(1, 0), 4096, 8192);
  EXPECT_TRUE(Pattern(2, 0).first_wrong(mine, 8192));
  EXPECT_TRUE(Pattern(1, 1).first_wrong(mine, 8192));
  EXPECT_TRUE(Pattern(1, 0).first_wrong(mine, 0));
  EXPECT_TRUE(Pattern(1, 0).first_wrong(std::vector<std::byte>(4096), 0));
}

}  // namespace
}  // namespace mayfly
