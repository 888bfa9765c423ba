#include "bench/server_processes.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bench/program.h"
#include "server/server_process.h"

namespace mayfly {
namespace {

/// The server's process: says its address, learns the session, serves until it is told to stop.
[[noreturn]] void serve(const ServerProcessesOptions& options, std::uint32_t index, int in,
                        int out) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (options.core) pin_to(*options.core);
  if (!options.transports.empty()) ::setenv("UCX_TLS", options.transports.c_str(), 1);
  ServerProcessOptions server_options;
  server_options.scratch = options.directory;
  server_options.memory_bytes = options.memory_bytes;
  server_options.null_store = options.null_store;
  auto server = ServerProcess::create(server_options);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().sentence.c_str());
    std::_Exit(1);
  }
  const Bytes address = (*server)->address();
  const std::size_t length = address.size();
  if (::write(out, &length, sizeof length) < 0 || ::write(out, address.data(), length) < 0) {
    std::_Exit(1);
  }
  WireBytes session(1 << 16);
  const ssize_t got = ::read(in, session.data(), session.size());
  session.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  (*server)->join(*decode_session(session), index);
  (*server)->serve();
  server->reset();
  std::_Exit(0);
}

}  // namespace

ServerProcesses::ServerProcesses(const ServerProcessesOptions& options) : session_(new_session()) {
  std::vector<int> ways;
  for (std::uint32_t i = 0; i < options.servers; ++i) ways.push_back(start(options, i));
  const WireBytes session = encode(session_);
  for (const int way : ways) {
    if (::write(way, session.data(), session.size()) < 0) give_up("a server is gone");
    ::close(way);
  }
}

int ServerProcesses::start(const ServerProcessesOptions& options, std::uint32_t index) {
  int to[2];
  int from[2];
  if (::pipe(to) != 0 || ::pipe(from) != 0) give_up("no pipe");
  const pid_t child = ::fork();
  if (child == 0) serve(options, index, to[0], from[1]);
  if (child < 0) give_up("no process");
  ::close(to[0]);
  // Or the end of a server that does not start would not be seen.
  ::close(from[1]);
  servers_.push_back(child);
  std::size_t length = 0;
  ServerInfo server;
  server.node = "here";
  const bool has_length = ::read(from[0], &length, sizeof length) == sizeof length;
  server.address.resize(has_length ? length : 0);
  if (!has_length ||
      ::read(from[0], server.address.data(), length) != static_cast<ssize_t>(length)) {
    give_up("a server did not start");
  }
  ::close(from[0]);
  session_.servers.push_back(std::move(server));
  return to[1];
}

void ServerProcesses::terminate() {
  for (const pid_t server : servers_) ::kill(server, SIGTERM);
}

void ServerProcesses::wait() {
  for (const pid_t server : servers_) ::waitpid(server, nullptr, 0);
  servers_.clear();
}

}  // namespace mayfly
