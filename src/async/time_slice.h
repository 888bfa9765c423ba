// Time slices: how long a thread runs before others on its core have their turn.
#pragma once

#include <optional>

#include "base/clock.h"

namespace mayfly {

/// The shortest that Linux gives.
inline constexpr Nanoseconds kShortestTimeSlice = std::chrono::microseconds(100);

/// Asks the kernel for the shortest time slices for the calling thread, once. Its share of the core
/// stays what it is. A yield gives away one slice: with the usual 3 ms, a thread that yields would
/// come behind all who sleep and wake for as long. Kernels before Linux 6.12 know no such wish, and
/// a thread of another policy than SCHED_OTHER is left alone. A kernel that refuses costs only
/// time, so nothing is said.
void shorten_time_slices();

/// The calling thread's, if the kernel says.
std::optional<Nanoseconds> time_slice();

}  // namespace mayfly
