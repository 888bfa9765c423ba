#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace mayfly {
namespace {

TEST(HistogramTest, EveryValueIsInTheBucketThatNamesIt) {
  std::uint64_t before = 0;
  for (std::size_t bucket = 0; bucket + 1 < Histogram::kBuckets; ++bucket) {
    const std::uint64_t largest = Histogram::largest_in(bucket);
    ASSERT_EQ(Histogram::bucket_of(largest), bucket);
    ASSERT_EQ(Histogram::bucket_of(largest + 1), bucket + 1);
    ASSERT_LE(largest - before, std::max<std::uint64_t>(1, largest / 8 + 1));
    before = largest;
  }
  EXPECT_EQ(Histogram::bucket_of(~std::uint64_t{0}), Histogram::kBuckets - 1);
}

TEST(HistogramTest, QuantilesAreWithinAnEighth) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> sizes(9, 2);
  std::vector<std::uint64_t> values(100'000);
  Histogram histogram;
  for (std::uint64_t& value : values) {
    value = static_cast<std::uint64_t>(sizes(random));
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  for (const double quantile : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto index = static_cast<std::size_t>(quantile * 100'000) - 1;
    EXPECT_GE(histogram.quantile(quantile), values[index]);
    EXPECT_LE(histogram.quantile(quantile), values[index] + values[index] / 8 + 1);
  }
  EXPECT_EQ(histogram.quantile(1), values.back());
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(Histogram().quantile(0.5), 0U);
}

}  // namespace
}  // namespace mayfly
