#include "bench/turns.h"

#include <algorithm>
#include <cmath>

#include "bench/program.h"

namespace mayfly {
namespace {

/// The clock costs a part of a fast operation.
constexpr std::uint64_t kOperationsPerLook = 16;
/// Below it, waking the other side would count.
constexpr double kShortestSlice = 0.005;
/// Seconds; more than twice what IdlePolicy looks back.
constexpr double kWarmUp = 0.012;

std::vector<double> each(Pairs pairs, double (*of)(const Pair&)) {
  std::vector<double> values;
  for (const Pair& pair : pairs) values.push_back(of(pair));
  return values;
}

double ratio_of(const Pair& pair) { return pair.per_s / pair.plain_per_s; }

}  // namespace

double per_s(Pairs pairs) {
  return median(each(pairs, [](const Pair& pair) { return pair.per_s; }));
}

double plain_per_s(Pairs pairs) {
  return median(each(pairs, [](const Pair& pair) { return pair.plain_per_s; }));
}

double ratio(Pairs pairs) { return median(each(pairs, ratio_of)); }

double mean_ratio(Pairs pairs) {
  double plain = 0;
  for (const Pair& pair : pairs) {
    // As many round trips as would have been made instead.
    const double taken = static_cast<double>(pair.operations) / pair.per_s;
    plain += pair.plain_per_s * taken;
  }
  return static_cast<double>(operations(pairs)) / plain;
}

double least_ratio(Pairs pairs) {
  const auto ratios = each(pairs, ratio_of);
  return *std::min_element(ratios.begin(), ratios.end());
}

std::uint64_t operations(Pairs pairs) {
  std::uint64_t sum = 0;
  for (const Pair& pair : pairs) sum += pair.operations;
  return sum;
}

std::vector<Pair> Turns::for_seconds(double seconds, const std::function<void()>& operation) {
  std::vector<Pair> pairs;
  const auto slices = std::max(1L, std::lround(seconds / slice_seconds_));
  for (long i = 0; i < slices; ++i) pairs.push_back(pair(slice_seconds_, kNoEnd, operation));
  return pairs;
}

std::vector<Pair> Turns::in_slices(std::uint64_t count, std::uint64_t slices,
                                   const std::function<void()>& operation) {
  std::vector<Pair> pairs;
  slices = std::min(slices, count);
  for (std::uint64_t i = 0; i < slices; ++i) {
    const std::uint64_t share = count * (i + 1) / slices - count * i / slices;
    pairs.push_back(pair(std::numeric_limits<double>::infinity(), share, operation));
  }
  return pairs;
}

Pair Turns::pair(double seconds, std::uint64_t count, const std::function<void()>& operation) {
  for (const double begin = now(); now() - begin < kWarmUp;) warm_up_();
  const double start = now();
  std::uint64_t done = 0;
  while (done < count && (done % kOperationsPerLook != 0 || now() - start < seconds)) {
    operation();
    ++done;
  }
  const double taken = now() - start;
  const double plain = plain_.round_trips(std::max(taken, kShortestSlice));
  return {done, static_cast<double>(done) / taken, plain};
}

}  // namespace mayfly
