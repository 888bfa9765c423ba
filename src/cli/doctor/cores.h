// Cores: what the node has to share between servers and the application.
#pragma once

#include <string>

#include "cli/doctor/check.h"

namespace mayfly {

struct CoreFacts {
  int packages = 0;
  int cores = 0;    ///< that this process may use
  int threads = 0;  ///< hardware threads of these
  int numa_nodes = 0;
};

/// All zero if hwloc cannot tell.
CoreFacts observe_cores();

Check check_cores(const CoreFacts& facts);

}  // namespace mayfly
