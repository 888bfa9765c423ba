// Shared memory between the processes of a node: its room, and copying across address spaces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/doctor/check.h"

namespace mayfly {

struct SharedMemoryFacts {
  std::uint64_t free_bytes = 0;  ///< of /dev/shm; 0 if there is none
  int copy_error = 0;            ///< errno of process_vm_readv from a sibling; 0: it works
  std::string ptrace_scope;      ///< kernel.yama.ptrace_scope; empty where there is none
};

/// Starts two processes for a moment and waits for their end.
SharedMemoryFacts observe_shared_memory();

std::vector<Check> check_shared_memory(const SharedMemoryFacts& facts);

}  // namespace mayfly
