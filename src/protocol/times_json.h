// How long something takes, as the statistics of servers and clients say it. docs/statistics.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/histogram.h"

namespace mayfly {

/// Of ticks, with the nanoseconds that one takes: count, sum, p50, p99, max, and the buckets that
/// are not empty as [largest value, count].
nlohmann::ordered_json times_json(const Histogram& ticks, double nanoseconds_per_tick);

}  // namespace mayfly
