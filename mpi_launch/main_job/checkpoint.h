// Checkpoint: what a simulation does every hour, and then the proof that nothing was lost.
//
// All ranks write their part of the state from memory, and sync. Then each rank reads the part of
// another one and checks every byte against the pattern of its writer; the writers' digests go by
// MPI and must be the same too.
#pragma once

#include <cstdint>

#include "mpi_launch/main_job/crew.h"
#include "mpi_launch/main_job/report.h"

namespace mayfly {

enum class CheckpointShape : std::uint8_t {
  file_per_rank,
  shared_file,  ///< one file, the ranks' blocks one after the other, round robin
};

struct CheckpointOptions {
  std::uint64_t total_bytes;
  std::uint64_t transfer_bytes;
};

/// Collective. Writes, reads, verifies and removes one checkpoint.
Outcome run_checkpoint(const Crew& crew, CheckpointShape shape, const CheckpointOptions& options,
                       Report& report);

}  // namespace mayfly
