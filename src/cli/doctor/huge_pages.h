// Huge pages: whether the pool can have them. They double a fast drive's bandwidth.
#pragma once

#include <cstddef>
#include <string>

#include "cli/doctor/check.h"

namespace mayfly {

struct HugePageFacts {
  std::string setting;            ///< transparent_hugepage/enabled of sysfs
  std::string shared_setting;     ///< transparent_hugepage/shmem_enabled
  std::size_t private_bytes = 0;  ///< of 2 MiB of private memory, on huge pages when asked for
  std::size_t shared_bytes = 0;   ///< the same of shared memory, by MADV_COLLAPSE
};

HugePageFacts observe_huge_pages();

Check check_huge_pages(const HugePageFacts& facts);

}  // namespace mayfly
