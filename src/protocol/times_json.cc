#include "protocol/times_json.h"

#include <nlohmann/json.hpp>

namespace mayfly {

nlohmann::ordered_json times_json(const Histogram& ticks, double nanoseconds_per_tick) {
  const auto ns = [nanoseconds_per_tick](std::uint64_t value) {
    return static_cast<std::uint64_t>(static_cast<double>(value) * nanoseconds_per_tick);
  };
  nlohmann::ordered_json buckets = nlohmann::ordered_json::array();
  for (std::size_t bucket = 0; bucket < Histogram::kBuckets; ++bucket) {
    const std::uint64_t count = ticks.count_in(bucket);
    if (count != 0) buckets.push_back({ns(Histogram::largest_in(bucket)), count});
  }
  return {{"count", ticks.count()},
          {"sum_ns", ns(ticks.sum())},
          {"p50_ns", ns(ticks.quantile(0.5))},
          {"p99_ns", ns(ticks.quantile(0.99))},
          {"max_ns", ns(ticks.max())},
          {"buckets", buckets}};
}

}  // namespace mayfly
