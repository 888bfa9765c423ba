// DrainForecast: when a drain will be over, and whether that is in time.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/result.h"

namespace mayfly {

struct DrainForecast {
  std::uint64_t bytes_left = 0;
  double bytes_per_second = 0;  ///< 0: not known yet
  double seconds_to_deadline = 0;

  double seconds_needed() const;
  bool fits() const { return seconds_needed() <= seconds_to_deadline; }
  /// What will not be copied by then.
  std::uint64_t bytes_missing() const;
  /// "12.0 GiB are left: 31 s at 400.0 MiB/s, and the time is up in 20 s".
  std::string text() const;
};

/// What --deadline means: a time ("2026-11-28T18:30:00", "18:30" of today or tomorrow) or how long
/// from now ("600", "90s", "10m", "2h"). Failure: it is neither, or has gone by.
Result<std::time_t, Failure> parse_deadline(const std::string& text, std::time_t now);

/// When the batch job ends by its time limit, as Slurm says. Failure: there is no job, or no limit.
Result<std::time_t, Failure> job_end();

}  // namespace mayfly
