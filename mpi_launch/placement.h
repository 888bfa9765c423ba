// Placement: on which core a server runs.
//
// A server is bound near its drive, to the last cores there: launchers fill nodes from the first
// core on, so the clients keep theirs. Where there are fewer cores than ranks nothing is bound, and
// where the launcher has bound the ranks already, its choice stands.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mayfly {

struct Core {
  std::uint32_t processor = 0;  ///< the kernel's number of its first hardware thread
  std::uint32_t numa = 0;       ///< its memory domain
};

/// The core of each server of a node, or none for all of them. Pure. `drive_numa[i]` is the domain
/// of server i's drive if it is known.
std::vector<std::optional<std::uint32_t>> choose_cores(
    std::span<const Core> cores, std::uint32_t node_ranks,
    std::span<const std::optional<std::uint32_t>> drive_numa);

/// Binds the calling thread as server `node_index` of a node whose servers have their scratch in
/// `scratches`. Gives the processor, or nothing if it was left alone.
std::optional<std::uint32_t> bind_server(std::span<const std::string> scratches,
                                         std::uint32_t node_index, std::uint32_t node_ranks);

}  // namespace mayfly
