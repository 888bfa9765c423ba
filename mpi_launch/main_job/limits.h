// The limits that the file system is held against, measured in the same run.
#pragma once

#include <cstdint>
#include <string>

#include "mpi_launch/main_job/crew.h"
#include "mpi_launch/main_job/report.h"

namespace mayfly {

struct LimitOptions {
  std::string scratch;  ///< as given to the launch
  std::uint32_t servers_per_node;
  std::uint64_t bytes;  ///< of one measurement
};

/// Collective. The first client of each node measures the node's drives, one after the other; their
/// sum is the limit of the whole.
Result<Limits, Failure> measure_limits(const Crew& crew, const LimitOptions& options);

}  // namespace mayfly
