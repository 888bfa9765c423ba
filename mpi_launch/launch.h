// Launch: how the ranks of a world become a file system and its clients.
//
// Ranks exchange node names and decide their roles; servers start and exchange their addresses, or
// what kept them from starting, in one allgather. So every rank knows the same: either all have the
// session, or all have the same Failure and nobody waits for a rank that has given up.
//
// Owner: the rank; it ends before MPI_Finalize. Thread: one, on a server the one that serves.
// Order: start(); then serve() on servers, anything on clients; shut down by a client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mpi_launch/communicator.h"
#include "mpi_launch/private_folder.h"
#include "mpi_launch/publication.h"
#include "mpi_launch/roles.h"
#include "mpi_launch/scratch.h"
#include "protocol/session_info.h"
#include "server/server_process.h"

namespace mayfly {

struct LaunchOptions {
  RoleOptions roles;  ///< those of rank 0 count for all
  std::string scratch;
  std::uint64_t memory_bytes = 64 * kMiB;
  std::uint64_t capacity_bytes = 0;
  bool measures_device = false;  ///< at the start, for reports
  bool null_store = false;
  std::string session_file;      ///< written by server 0, of whose options it is; empty: none
  std::function<void()> at_end;  ///< called when this server is gone; empty: nothing
};

class Launch {
 public:
  /// Collective over `world`, like everything that it calls.
  static Result<Launch, Failure> start(const Communicator& world, const LaunchOptions& options);

  Role role() const { return seat_.role; }
  const SessionInfo& session() const { return session_; }
  /// Servers only. Answers until a client shuts the session down; then everything of this server is
  /// gone. A signal ends the process once the server has been put away: its launcher wants it dead,
  /// and MPI_Finalize would wait for ranks that are so already.
  void serve();

 private:
  Launch() = default;
  /// Makes this server; what it has to tell all others, or what kept it from starting.
  Result<std::string, Failure> open_server(const Communicator& world, const LaunchOptions& options);
  /// Reads what all ranks told; the first failure, if there is one, is everybody's.
  Result<void, Failure> learn(const std::vector<std::string>& told);
  /// Server 0 writes the session file; what kept it from that is everybody's failure.
  Result<void, Failure> publish(const Communicator& world, const std::string& path);

  std::vector<std::string> nodes_;
  std::vector<Seat> seats_;
  Seat seat_;
  SessionInfo session_;
  std::optional<PrivateFolder> folder_;
  std::unique_ptr<ServerProcess> server_;
  std::optional<Publication> publication_;
  std::function<void()> at_end_;
};

}  // namespace mayfly
