// ProcessCluster: servers as processes of their own, on real UCX, io_uring and a real directory,
// and clients as further processes. The test's own process touches neither UCX nor io_uring, so
// that it can fork at any time. All children die with the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "client/session.h"

namespace mayfly {

struct ProcessClusterOptions {
  std::uint32_t servers = 2;
  std::string transports;  ///< UCX's list; empty: its default
  std::uint64_t memory_bytes = 8 * kMiB;
  std::uint64_t capacity_bytes = 256 * kMiB;
  /// Of the servers alone, as (name, value).
  std::vector<std::pair<std::string, std::string>> server_environment;
};

/// User and system time that the process has used so far.
std::chrono::milliseconds cpu_time_of(pid_t process);

class ProcessCluster {
 public:
  explicit ProcessCluster(const ProcessClusterOptions& options);
  ProcessCluster(const ProcessCluster&) = delete;
  ProcessCluster& operator=(const ProcessCluster&) = delete;
  /// Ends what still runs by SIGTERM, then SIGKILL, and removes the scratch directory.
  ~ProcessCluster();

  /// Starts a process that runs `body` and ends with whether it was true.
  static pid_t start_process(const std::function<bool()>& body);
  using Body = std::function<bool(Session&)>;
  /// Starts a client process that runs `body` and ends with whether it was true.
  pid_t start_client(Body body, SessionOptions session = {});
  pid_t start_client_of(SessionInfo info, Body body, SessionOptions session = {});
  /// Whether the process ended by itself, well, within the time.
  static bool ended_well(pid_t process, std::chrono::seconds limit = std::chrono::seconds(60));
  bool run_client(Body body, SessionOptions session = {}) {
    return ended_well(start_client(std::move(body), session));
  }

  pid_t server_process(std::uint32_t server) const { return servers_[server]; }
  const SessionInfo& info() const { return info_; }
  /// Ends process `server` by SIGTERM; true if it ended well.
  bool stop_server(std::uint32_t server);
  void kill_server(std::uint32_t server, int signal);
  /// Names in the scratch directory.
  std::size_t scratch_entries() const;

 private:
  ProcessClusterOptions options_;
  std::string scratch_;
  SessionInfo info_;
  std::vector<pid_t> servers_;
};

}  // namespace mayfly
