// Histogram: how often values of each size have occurred, within an eighth of their size.
//
// Eight buckets for each doubling, so a quantile is at most 12.5 % above the true one. Owner:
// whoever counts. Thread: one. Cost: four additions; 2.8 KiB.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mayfly {

class Histogram {
 public:
  static constexpr std::size_t kBuckets = 352;  ///< values up to 2^46 are told apart

  void record(std::uint64_t value) {
    ++counts_[bucket_of(value)];
    ++count_;
    sum_ += value;
    max_ = std::max(max_, value);
  }

  void add(const Histogram& other) {
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
      counts_[bucket] += other.counts_[bucket];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t max() const { return max_; }
  std::uint64_t count_in(std::size_t bucket) const { return counts_[bucket]; }

  /// The value that a share `quantile` (0 to 1) of all do not exceed; 0 if there are none.
  std::uint64_t quantile(double quantile) const {
    if (count_ == 0) return 0;
    const double wanted = quantile * static_cast<double>(count_);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      seen += counts_[bucket];
      if (seen != 0 && static_cast<double>(seen) >= wanted) {
        return std::min(max_, largest_in(bucket));
      }
    }
    return max_;
  }

  static std::size_t bucket_of(std::uint64_t value) {
    if (value < kSteps) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kStepBits - 1;
    const std::size_t bucket = (shift + 1) * kSteps + ((value >> shift) & (kSteps - 1));
    return std::min(bucket, kBuckets - 1);
  }
  static std::uint64_t largest_in(std::size_t bucket) {
    if (bucket < kSteps) return bucket;
    const std::size_t shift = bucket / kSteps - 1;
    return ((kSteps + bucket % kSteps + 1) << shift) - 1;
  }

 private:
  static constexpr unsigned kStepBits = 3;
  static constexpr std::uint64_t kSteps = 1 << kStepBits;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace mayfly
