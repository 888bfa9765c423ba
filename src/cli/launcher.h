// Launcher: the command line that starts the servers of a background session, and the process that
// it becomes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly {

struct LauncherOptions {
  std::string mpi;       ///< openmpi, mpich: whose mpirun; empty: the first that there is
  std::string launcher;  ///< the user's own, up to the program; empty: srun or mpirun
  std::uint32_t servers_per_node = 1;
  std::vector<std::string> server_words;  ///< options of mayfly-server
};

/// The directory of the running program, with its sibling programs.
std::string program_directory();

/// In a Slurm job with srun: one step over all of its nodes; else mpirun, which knows of hosts what
/// its own environment tells it. Fails if there is no launcher.
Result<std::vector<std::string>, Failure> launcher_command(const LauncherOptions& options);

/// Starts it in a session of its own, without input and with both outputs in `log`.
Result<pid_t, Failure> start_detached(const std::vector<std::string>& words,
                                      const std::string& log);

}  // namespace mayfly
