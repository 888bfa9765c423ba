// ServerProcesses: servers in processes of their own, for the client in this one.
//
// Owner: a bench. Thread: the first, before there is any other and before it uses UCX, which does
//   not outlive a fork.
// Order: the constructor, what clients do, wait().
// Failure: gives up when a server does not start, which has said why.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "protocol/session_info.h"

namespace mayfly {

struct ServerProcessesOptions {
  std::string directory;                   ///< scratch, of all of them
  std::string transports;                  ///< as UCX_TLS; empty: as the environment says
  std::uint64_t memory_bytes = 64 * kMiB;  ///< of each
  unsigned servers = 1;
  bool null_store = false;
  std::optional<int> core;  ///< to which they are pinned
};

class ServerProcesses {
 public:
  explicit ServerProcesses(const ServerProcessesOptions& options);

  const SessionInfo& session() const { return session_; }
  /// For when no client could tell them to stop.
  void terminate();
  /// Until all have ended; a client tells them to.
  void wait();

 private:
  /// Gives the descriptor by which the server hears of the session.
  int start(const ServerProcessesOptions& options, std::uint32_t index);

  SessionInfo session_;
  std::vector<pid_t> servers_;
};

}  // namespace mayfly
