// Time slices: how long a thread runs before others on its core have their turn.
#pragma once

#include <optional>

#include "base/clock.h"

namespace mayfly {

/// The shortest that Linux gives.
inline constexpr Nanoseconds kShortestTimeSlice = std::chrono::microseconds(100);

/// Asks the kernel for the shortest time slices for the calling thread, once. Its share of the core
/// stays what it is. A thread that yields comes behind those who sleep and wake; with the usual
/// slices, 1.4 ms on two cores and twice that on eight, for milliseconds. Threads and processes
/// that it starts later inherit the wish: they are interrupted more often where others want their
/// core. Kernels before Linux 6.12 know no such wish, and a thread of another policy than
/// SCHED_OTHER is left alone. A kernel that refuses costs only time, so nothing is said.
void shorten_time_slices();

/// The calling thread's, if the kernel says.
std::optional<Nanoseconds> time_slice();

}  // namespace mayfly
