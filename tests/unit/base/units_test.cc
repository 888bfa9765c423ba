#include "base/units.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(UnitsTest, SizesAreReadAsPeopleWriteThem) {
  EXPECT_EQ(*parse_bytes("0"), 0u);
  EXPECT_EQ(*parse_bytes("4096"), 4096u);
  EXPECT_EQ(*parse_bytes("4096B"), 4096u);
  EXPECT_EQ(*parse_bytes("64K"), 64 * kKiB);
  EXPECT_EQ(*parse_bytes("64k"), 64 * kKiB);
  EXPECT_EQ(*parse_bytes("2MiB"), 2 * kMiB);
  EXPECT_EQ(*parse_bytes("2mb"), 2 * kMiB);
  EXPECT_EQ(*parse_bytes("1.5G"), kGiB + kGiB / 2);
  EXPECT_EQ(*parse_bytes("3T"), 3 * 1024 * kGiB);
}

TEST(UnitsTest, AnythingElseIsInvalid) {
  for (const char* text : {"", " 1", "-1", "x", "K", "1X", "1 K", "1KK", "1Ki", "1KiBs", "1e30",
                           "9999999P", "nan", "inf"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error(), Errc::invalid) << text;
  }
}

TEST(UnitsTest, SizesAreWrittenInTheLargestUnitBelowThem) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(kGiB + kGiB / 2), "1.5 GiB");
}

TEST(UnitsTest, RoundingGoesToMultiples) {
  EXPECT_EQ(round_down(4097, 4096), 4096u);
  EXPECT_EQ(round_up(4097, 4096), 8192u);
  EXPECT_EQ(round_up(4096, 4096), 4096u);
  EXPECT_EQ(round_up(0, 4096), 0u);
}

}  // namespace
}  // namespace mayfly
