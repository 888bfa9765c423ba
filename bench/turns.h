// Turns: an operation and plain UCX's round trips, turn about in short slices, for the speed of a
// machine may change by 2 within a second. Each slice is compared with the one right behind it.
//
// Owner: a bench. Thread: one. Failure: gives up, as do the operations.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "bench/plain_peer.h"

namespace mayfly {

/// One slice and its neighbour.
struct Pair {
  std::uint64_t operations;
  double per_s;
  double plain_per_s;
};
using Pairs = std::span<const Pair>;

// Medians over pairs.
double per_s(Pairs pairs);
double plain_per_s(Pairs pairs);
/// Of the ratios of both.
double ratio(Pairs pairs);
/// Of all operations together, and the least: where operations halt now and then, these show it.
double mean_ratio(Pairs pairs);
double least_ratio(Pairs pairs);
std::uint64_t operations(Pairs pairs);

class Turns {
 public:
  /// `warm_up` is a request that changes nothing. It is made over and over before each slice, until
  /// a server that shared its core with the plain peer knows that it has it to itself again.
  Turns(PlainPeer& plain, double slice_seconds, std::function<void()> warm_up)
      : plain_(plain), slice_seconds_(slice_seconds), warm_up_(std::move(warm_up)) {}

  /// For about so long, not counting the plain turns.
  std::vector<Pair> for_seconds(double seconds, const std::function<void()>& operation);
  /// So often, in so many slices, however long they take.
  std::vector<Pair> in_slices(std::uint64_t count, std::uint64_t slices,
                              const std::function<void()>& operation);

 private:
  static constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();
  /// Ends after so long or so many, whatever is first.
  Pair pair(double seconds, std::uint64_t count, const std::function<void()>& operation);

  PlainPeer& plain_;
  double slice_seconds_;
  std::function<void()> warm_up_;
};

}  // namespace mayfly
