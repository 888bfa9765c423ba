// JobRank: which process of a parallel launch this is, as its launcher says in the environment.
#pragma once

#include <string>

#include "base/result.h"

namespace mayfly {

struct JobRank {
  int rank = 0;
  int size = 1;
  int local_rank = 0;  ///< among those of its node, in the order of ranks
  int local_size = 1;
  std::string node;  ///< its name; of a Slurm node, which may share its host with others, Slurm's
  std::string job;   ///< the same for all of one launch, and for no other of the user's
  std::string mpi;   ///< whose launcher it is: openmpi, mpich; empty: none that has an MPI
};

/// How many tasks node `node` of a step has, counted from 0: `tasks` as Slurm writes it, "4(x3),2".
/// 0: it does not say.
int tasks_of_node(const std::string& tasks, int node);

/// Open MPI's mpirun, MPICH's (on one node), srun. Fails if none of them has started this process.
Result<JobRank, Failure> job_rank_of_environment();

/// Whether the parent of this process is a launcher's, which has started one such process for each
/// rank.
bool is_started_by_launcher();

}  // namespace mayfly
