// Scratch: where a server keeps its data file.
//
// In this order: the directories the user lists (one per server of a node, round robin, so that
// each NVMe drive listed gets a server), $MAYFLY_SCRATCH (a list too), $TMPDIR, and a private
// folder under /tmp. The choice is pure; whether the directory is usable shows when it is opened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly {

struct ScratchChoice {
  std::string directory;
  bool is_private = false;         ///< ours to make and to remove (PrivateFolder)
  std::uint32_t servers_here = 1;  ///< servers of the node that share it
};

/// What the choice is made from; read from the environment by scratch_sources().
struct ScratchSources {
  std::string list;            ///< of the user's option; may be empty
  std::string mayfly_scratch;  ///< $MAYFLY_SCRATCH
  std::string tmpdir;          ///< $TMPDIR
  std::string private_folder;  ///< the last resort
};

ScratchSources scratch_sources(std::string_view list);

/// The directories in a comma-separated list; empty parts are dropped.
std::vector<std::string> split_list(std::string_view list);

/// The scratch of server `node_index` among the `node_servers` of its node.
ScratchChoice choose_scratch(const ScratchSources& sources, std::uint32_t node_index,
                             std::uint32_t node_servers);

}  // namespace mayfly
