#include "support/process_cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "async/poll_sleeper.h"
#include "server/server_process.h"
#include "transport/ucx_worker.h"

namespace mayfly {
namespace {

void write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    MAYFLY_ASSERT(written > 0);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// Reads one block: its length, then its bytes.
WireBytes read_block(int fd) {
  std::uint64_t length = 0;
  MAYFLY_ASSERT(::read(fd, &length, sizeof length) == sizeof length);
  WireBytes bytes(length);
  for (std::size_t at = 0; at < length;) {
    const ssize_t got = ::read(fd, bytes.data() + at, length - at);
    MAYFLY_ASSERT(got > 0);
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

void write_block(int fd, Bytes bytes) {
  const std::uint64_t length = bytes.size();
  write_all(fd, as_wire(length));
  write_all(fd, bytes);
}

struct Pipe {
  Pipe() { MAYFLY_ASSERT(::pipe2(ends, O_CLOEXEC) == 0); }
  int ends[2];
};

[[noreturn]] void serve(const ServerProcessOptions& options, std::uint32_t index, int in, int out) {
  auto server = ServerProcess::create(options);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().sentence.c_str());
    std::_Exit(1);
  }
  write_block(out, (*server)->address());
  const WireBytes session = read_block(in);
  (*server)->join(*decode_session(session), index);
  write_block(out, {});
  (*server)->serve();
  server->reset();
  std::_Exit(0);
}

pid_t fork_child() {
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  MAYFLY_ASSERT(child >= 0);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(1);
  }
  return child;
}

bool ended(pid_t process, int& status, std::chrono::seconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace

std::chrono::milliseconds cpu_time_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text);
  // The command's name comes second and may hold anything; fields 3 to 13 follow, then the times.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user_ticks = 0;
  long system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  MAYFLY_ASSERT(!fields.fail());
  return std::chrono::milliseconds((user_ticks + system_ticks) * 1000 / ::sysconf(_SC_CLK_TCK));
}

ProcessCluster::ProcessCluster(const ProcessClusterOptions& options) : options_(options) {
  if (!options.transports.empty()) ::setenv("UCX_TLS", options.transports.c_str(), 1);
  scratch_ = (std::filesystem::temp_directory_path() / "mayfly-test-XXXXXX").string();
  MAYFLY_ASSERT(::mkdtemp(scratch_.data()) != nullptr);
  info_ = new_session();
  std::vector<std::pair<Pipe, Pipe>> pipes(options.servers);
  for (std::uint32_t i = 0; i < options.servers; ++i) {
    ServerProcessOptions server;
    server.scratch = scratch_;
    server.memory_bytes = options.memory_bytes;
    server.capacity_bytes = options.capacity_bytes;
    const pid_t child = fork_child();
    if (child == 0) {
      for (const auto& [name, value] : options.server_environment) {
        ::setenv(name.c_str(), value.c_str(), 1);
      }
      serve(server, i, pipes[i].first.ends[0], pipes[i].second.ends[1]);
    }
    servers_.push_back(child);
    info_.servers.push_back({"node" + std::to_string(i), read_block(pipes[i].second.ends[0])});
  }
  for (auto& [to, from] : pipes) write_block(to.ends[1], encode(info_));
  for (auto& [to, from] : pipes) {
    read_block(from.ends[0]);
    for (const int fd : {to.ends[0], to.ends[1], from.ends[0], from.ends[1]}) ::close(fd);
  }
}

ProcessCluster::~ProcessCluster() {
  for (std::uint32_t i = 0; i < servers_.size(); ++i) stop_server(i);
  std::filesystem::remove_all(scratch_);
}

pid_t ProcessCluster::start_client(Body body, SessionOptions session) {
  return start_client_of(info_, std::move(body), session);
}

pid_t ProcessCluster::start_client_of(SessionInfo info, Body body, SessionOptions options) {
  return start_process([&] {
    auto worker = UcxWorker::create(UcxOptions());
    MAYFLY_ASSERT(worker.has_value());
    PollSleeper sleeper;
    Session session(std::move(info), **worker, sleeper, options);
    const bool well = body(session);
    session.run(session.leave());
    return well;
  });
}

pid_t ProcessCluster::start_process(const std::function<bool()>& body) {
  const pid_t child = fork_child();
  if (child != 0) return child;
  const bool well = body();
  // _Exit drops what is still in the buffers, and with it what went wrong.
  std::fflush(nullptr);
  std::_Exit(well ? 0 : 1);
}

bool ProcessCluster::ended_well(pid_t process, std::chrono::seconds limit) {
  int status = 0;
  if (!ended(process, status, limit)) {
    ::kill(process, SIGKILL);
    ::waitpid(process, &status, 0);
    return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool ProcessCluster::stop_server(std::uint32_t server) {
  const pid_t process = std::exchange(servers_[server], 0);
  if (process == 0) return true;
  ::kill(process, SIGCONT);
  ::kill(process, SIGTERM);
  return ended_well(process, std::chrono::seconds(20));
}

void ProcessCluster::kill_server(std::uint32_t server, int signal) {
  ::kill(servers_[server], signal);
  if (signal != SIGKILL) return;
  int status = 0;
  ::waitpid(std::exchange(servers_[server], 0), &status, 0);
}

std::size_t ProcessCluster::scratch_entries() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(scratch_),
                                                std::filesystem::directory_iterator()));
}

}  // namespace mayfly
