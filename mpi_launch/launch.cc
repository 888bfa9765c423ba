#include "mpi_launch/launch.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "mpi_launch/launch_word.h"
#include "mpi_launch/placement.h"

namespace mayfly {
namespace {

/// The scratch directories of all servers of the node, by their index there.
std::vector<std::string> scratches_of_node(const ScratchSources& sources, std::uint32_t servers) {
  std::vector<std::string> directories;
  for (std::uint32_t server = 0; server < servers; ++server) {
    directories.push_back(choose_scratch(sources, server, servers).directory);
  }
  return directories;
}

std::uint32_t servers_of_node(const std::vector<Seat>& seats, const std::vector<std::string>& nodes,
                              const std::string& node) {
  std::uint32_t servers = 0;
  for (std::size_t rank = 0; rank < seats.size(); ++rank) {
    if (seats[rank].role == Role::server && nodes[rank] == node) ++servers;
  }
  return servers;
}

}  // namespace

Result<Launch, Failure> Launch::start(const Communicator& world, const LaunchOptions& options) {
  Launch launch;
  launch.at_end_ = options.at_end;
  MAYFLY_TRY(nodes, world.gather_all(node_name()));
  launch.nodes_ = std::move(nodes);
  // Roles must be the same for everybody, so rank 0's wish counts for all.
  MAYFLY_TRY(wishes, world.gather_all(encode(options.roles)));
  MAYFLY_TRY(seats, assign_roles(launch.nodes_, decode_roles(wishes[0])));
  launch.seats_ = std::move(seats);
  launch.seat_ = launch.seats_[static_cast<std::size_t>(world.rank())];
  const bool serves = launch.seat_.role == Role::server;
  log::start(fmt::format("{} {} on {}", serves ? "server" : "client", launch.seat_.index,
                         launch.nodes_[static_cast<std::size_t>(world.rank())]));
  log::info("rank {} of {}", world.rank(), world.size());

  std::string mine;
  if (serves) {
    auto opened = launch.open_server(world, options);
    mine = opened ? std::move(*opened) : encode_failure(opened.error());
  }
  MAYFLY_TRY(told, world.gather_all(mine));
  MAYFLY_CHECKED(launch.learn(told));
  MAYFLY_CHECKED(launch.publish(world, options.session_file));
  if (serves) launch.server_->join(launch.session_, launch.seat_.index);
  return launch;
}

Result<std::string, Failure> Launch::open_server(const Communicator& world,
                                                 const LaunchOptions& options) {
  ServerProcessOptions process;
  process.memory_bytes = options.memory_bytes;
  process.capacity_bytes = options.capacity_bytes;
  process.measures_device = options.measures_device;
  process.null_store = options.null_store;
  const std::string& node = nodes_[static_cast<std::size_t>(world.rank())];
  const ScratchSources sources = scratch_sources(options.scratch);
  const std::uint32_t servers = servers_of_node(seats_, nodes_, node);
  const ScratchChoice choice = choose_scratch(sources, seat_.node_index, servers);
  process.scratch = choice.directory;
  process.servers_on_scratch = choice.servers_here;

  const auto named = [&](const Failure& failure) {
    return Failure{failure.code, fmt::format("Server {} (rank {} on node {}) could not start: {}",
                                             seat_.index, world.rank(), node, failure.sentence)};
  };
  if (choice.is_private && !options.null_store) {
    auto folder = PrivateFolder::open(choice.directory);
    if (!folder) return named(folder.error());
    folder_.emplace(std::move(*folder));
  }
  const auto core =
      bind_server(scratches_of_node(sources, servers), seat_.node_index, seat_.node_ranks);
  if (core) log::info("bound to processor {}", *core);
  auto server = ServerProcess::create(process);
  if (!server) {
    folder_.reset();
    return named(server.error());
  }
  server_ = std::move(*server);
  return encode_server(server_->address(), seat_.index == 0 ? new_session() : SessionInfo());
}

Result<void, Failure> Launch::learn(const std::vector<std::string>& told) {
  for (std::size_t rank = 0; rank < told.size(); ++rank) {
    if (seats_[rank].role != Role::server) continue;
    MAYFLY_TRY(word, decode_word(told[rank]));
    if (seats_[rank].index == 0) {
      session_.id = word.session_id;
      session_.secret = word.secret;
    }
    session_.servers.push_back({nodes_[rank], std::move(word.address)});
  }
  return {};
}

Result<void, Failure> Launch::publish(const Communicator& world, const std::string& path) {
  std::string mine;
  if (seat_.role == Role::server && seat_.index == 0 && !path.empty()) {
    auto written = Publication::write(path, session_);
    if (written) {
      publication_.emplace(std::move(*written));
    } else {
      mine = encode_failure(written.error());
    }
  }
  MAYFLY_TRY(words, world.gather_all(mine));
  for (const std::string& told : words) {
    if (told.empty()) continue;
    if (const auto word = decode_word(told); !word) return word.error();
  }
  return {};
}

void Launch::serve() {
  const ServerEnd end = server_->serve();
  publication_.reset();
  server_.reset();
  folder_.reset();
  if (at_end_) at_end_();
  if (end == ServerEnd::signalled) {
    ::signal(SIGTERM, SIG_DFL);
    ::raise(SIGTERM);
  }
}

}  // namespace mayfly
