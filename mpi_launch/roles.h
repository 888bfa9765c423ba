// Roles: which ranks of the world serve and which compute.
//
// Pure: every rank decides from the same node names and comes to the same answer.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly {

enum class Role : std::uint8_t { server, client };

struct RoleOptions {
  std::uint32_t servers_per_node = 1;
  /// Which ranks of each node serve, counted from 0 on that node. Empty: the first
  /// servers_per_node.
  std::vector<std::uint32_t> server_local_ranks;
  bool all_serve = false;  ///< every rank, whatever the others say: clients come from elsewhere
};

/// One rank's place. Ranks of a node are counted in the order of the world.
struct Seat {
  Role role = Role::client;
  std::uint32_t local_rank = 0;  ///< among the ranks of its node
  std::uint32_t node_ranks = 0;  ///< ranks on its node
  std::uint32_t index = 0;       ///< among all servers, or among all clients
  std::uint32_t node_index = 0;  ///< among the servers, or the clients, of its node
};

/// One seat per rank; `nodes[r]` is the name of rank r's node. Fails if a node has too few ranks
/// for its servers, or if no client would be left although not all ranks are to serve.
Result<std::vector<Seat>, Failure> assign_roles(std::span<const std::string> nodes,
                                                const RoleOptions& options);

}  // namespace mayfly
