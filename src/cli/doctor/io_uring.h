// io_uring: the kernel, whether it gives us a ring, and how good a one.
#pragma once

#include <string>
#include <vector>

#include "cli/doctor/check.h"

namespace mayfly {

struct IoUringFacts {
  std::string kernel;           ///< release, as uname says
  std::string disabled_sysctl;  ///< kernel.io_uring_disabled; empty where there is none
  int plain_error = 0;          ///< errno of making a ring without any flag; 0: it works
  int single_issuer_error = 0;  ///< the same with SINGLE_ISSUER and DEFER_TASKRUN
  int fixed_buffer_error = 0;   ///< of registering one page
  std::vector<std::string> missing_operations;
};

IoUringFacts observe_io_uring();

/// Kernel, ring, and, if there is a ring, its fixed buffers.
std::vector<Check> check_io_uring(const IoUringFacts& facts);

}  // namespace mayfly
