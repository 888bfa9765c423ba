// MainJobOptions: what the user of the main job may choose.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"

namespace mayfly {

struct MainJobOptions {
  std::uint32_t servers_per_node = 1;
  /// Which ranks of each node serve, servers_per_node of them; empty: the first.
  std::vector<std::uint32_t> server_ranks;
  std::string scratch;
  std::vector<std::string> trees;  ///< empty: /usr/include and the shared libraries
  std::uint64_t checkpoint_bytes = kGiB;
  std::uint64_t transfer_bytes = 16 * kMiB;  ///< per pwrite or pread
  std::uint64_t memory_bytes = 64 * kMiB;
  std::uint64_t capacity_bytes = 0;
  std::string json;  ///< file for the report; empty: none
  bool help = false;
};

/// invalid and one sentence for what cannot be understood; `usage` is the text of --help.
Result<MainJobOptions, Failure> parse_options(int argc, char** argv, std::string& usage);

}  // namespace mayfly
