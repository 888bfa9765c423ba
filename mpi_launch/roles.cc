#include "mpi_launch/roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace mayfly {
namespace {

struct NodeCount {
  std::uint32_t ranks = 0;
  std::uint32_t servers = 0;
  std::uint32_t clients = 0;
};

std::vector<std::uint32_t> serving_ranks(const RoleOptions& options) {
  if (!options.server_local_ranks.empty()) return options.server_local_ranks;
  std::vector<std::uint32_t> first(options.servers_per_node);
  std::iota(first.begin(), first.end(), 0U);
  return first;
}

bool serves(const RoleOptions& options, const std::vector<std::uint32_t>& serving,
            std::uint32_t local_rank) {
  return options.all_serve ||
         std::find(serving.begin(), serving.end(), local_rank) != serving.end();
}

std::string count_of(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Why `node` with that many ranks cannot have the servers that were asked for.
Failure too_few_ranks(const std::string& node, std::uint32_t ranks, const RoleOptions& options,
                      std::uint64_t needed) {
  if (!options.server_local_ranks.empty()) {
    return {
        Errc::invalid,
        fmt::format("Node {} has {}, counted from 0, and none is the server rank {}: start more "
                    "ranks per node or name other server ranks.",
                    node, count_of(ranks, "rank"), needed - 1)};
  }
  return {Errc::invalid,
          fmt::format("Node {} has {}, but its servers need {}: start more ranks per node or ask "
                      "for fewer servers per node.",
                      node, count_of(ranks, "rank"), needed)};
}

Failure named_twice(std::uint32_t rank) {
  return {Errc::invalid, fmt::format("The server ranks name rank {} twice.", rank)};
}

Failure no_client(std::size_t ranks) {
  return {Errc::invalid,
          fmt::format("All {} would be servers and none would be left as client: start more ranks "
                      "per node or ask for fewer servers per node.",
                      count_of(ranks, "rank"))};
}

}  // namespace

Result<std::vector<Seat>, Failure> assign_roles(std::span<const std::string> nodes,
                                                const RoleOptions& options) {
  const std::vector<std::uint32_t> serving = serving_ranks(options);
  if (serving.empty()) {
    return Failure{Errc::invalid, "There must be at least one server per node, not 0."};
  }
  std::vector<std::uint32_t> sorted = serving;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) return named_twice(*twice);
  const std::uint64_t needed = std::uint64_t{sorted.back()} + 1;
  std::map<std::string, NodeCount> counts;
  for (const std::string& node : nodes) ++counts[node].ranks;
  for (const std::string& node : nodes) {
    if (counts[node].ranks < needed && !options.all_serve) {
      return too_few_ranks(node, counts[node].ranks, options, needed);
    }
  }

  std::vector<Seat> seats;
  std::uint32_t servers = 0;
  std::uint32_t clients = 0;
  for (const std::string& node : nodes) {
    NodeCount& count = counts[node];
    Seat seat;
    seat.local_rank = count.servers + count.clients;
    seat.node_ranks = count.ranks;
    const bool is_server = serves(options, serving, seat.local_rank);
    seat.role = is_server ? Role::server : Role::client;
    seat.index = is_server ? servers++ : clients++;
    seat.node_index = is_server ? count.servers++ : count.clients++;
    seats.push_back(seat);
  }
  if (clients == 0 && !options.all_serve) return no_client(nodes.size());
  return seats;
}

}  // namespace mayfly
