// What servers and clients cost the node while nobody asks anything of them.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <thread>

#include "async/deadline.h"
#include "support/notice.h"
#include "support/process_cluster.h"
#include "support/session_files.h"

namespace mayfly {
namespace {

constexpr int kClients = 2;

class IdleTest : public ::testing::TestWithParam<const char*> {
 protected:
  static ProcessClusterOptions options() {
    ProcessClusterOptions options;
    options.transports = GetParam();
    return options;
  }

  /// Two clients that have talked to every server and are still connected. What they do from then
  /// on is `rest`, which ends with the test's notice.
  std::vector<pid_t> start_clients(ProcessCluster& cluster, std::function<bool(Session&)> rest) {
    std::vector<pid_t> clients;
    for (unsigned i = 0; i < kClients; ++i) {
      clients.push_back(cluster.start_client([this, i, rest](Session& session) {
        const std::string path = "/f" + std::to_string(i);
        const auto bytes = pattern(4 * kMiB + 100, i);
        if (!write_file(session, path, bytes) || !holds(session, path, bytes)) return false;
        ready_.post();
        return rest(session) && holds(session, path, bytes);
      }));
    }
    EXPECT_TRUE(ready_.wait(kClients));
    return clients;
  }
  /// Lets the clients go on; whether they ended well.
  bool end_clients(const std::vector<pid_t>& clients) {
    end_.post(kClients);
    bool well = true;
    for (const pid_t client : clients) well = ProcessCluster::ended_well(client) && well;
    return well;
  }

  static std::vector<std::chrono::milliseconds> cpu_times_of(const std::vector<pid_t>& processes) {
    std::vector<std::chrono::milliseconds> times;
    for (const pid_t process : processes) times.push_back(cpu_time_of(process));
    return times;
  }
  /// The largest time that one of the processes uses within `length`.
  static std::chrono::milliseconds largest_use(const std::vector<pid_t>& processes,
                                               std::chrono::seconds length) {
    const auto before = cpu_times_of(processes);
    std::this_thread::sleep_for(length);
    const auto after = cpu_times_of(processes);
    std::chrono::milliseconds largest{0};
    for (std::size_t i = 0; i < before.size(); ++i) {
      largest = std::max(largest, after[i] - before[i]);
    }
    return largest;
  }

  Notice ready_;
  Notice end_;
};

TEST_P(IdleTest, ServersAndClientsThatNobodyAsksUseLessThanOnePercentOfACore) {
  ProcessCluster cluster(options());
  auto processes = start_clients(cluster, [this](Session& session) {
    // Within the library, as a thread is whose server takes long to answer.
    const auto idle = [](EventLoop& loop) -> Task<void> {
      co_await sleep_for(loop, std::chrono::seconds(12));
    };
    session.run(idle(session.loop()));
    return end_.wait();
  });
  const auto clients = processes;
  for (std::uint32_t i = 0; i < 2; ++i) processes.push_back(cluster.server_process(i));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_LE(largest_use(processes, std::chrono::seconds(10)).count(), 100);
  EXPECT_TRUE(end_clients(clients));
}

TEST_P(IdleTest, AServerWhoseClientsNeverLookAtItsKeepalivesStaysIdle) {
  // As many keepalives as at the usual interval come in more than a minute: they fill what UCX
  // keeps for messages to a client that makes no call.
  ProcessClusterOptions hasty = options();
  hasty.server_environment = {{"UCX_KEEPALIVE_INTERVAL", "20ms"}};
  ProcessCluster cluster(hasty);
  const auto clients = start_clients(cluster, [this](Session&) { return end_.wait(); });
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LE(
      largest_use({cluster.server_process(0), cluster.server_process(1)}, std::chrono::seconds(2))
          .count(),
      100);
  EXPECT_TRUE(end_clients(clients));
}

TEST_P(IdleTest, AClientThatWaitsForAServerThatNeverLooksAtItsKeepalivesSleeps) {
  // The other server's are looked at, and leave UCX's descriptor readable.
  ProcessClusterOptions hasty = options();
  hasty.server_environment = {{"UCX_KEEPALIVE_INTERVAL", "20ms"}};
  ProcessCluster cluster(hasty);
  ::setenv("UCX_KEEPALIVE_INTERVAL", "20ms", 1);
  const auto clients = start_clients(cluster, [this](Session& session) {
    return end_.wait() && bool(session.run(session.usage()));
  });
  ::unsetenv("UCX_KEEPALIVE_INTERVAL");
  cluster.kill_server(1, SIGSTOP);
  end_.post(kClients);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LE(largest_use(clients, std::chrono::seconds(2)).count(), 200);
  cluster.kill_server(1, SIGCONT);
  for (const pid_t client : clients) EXPECT_TRUE(ProcessCluster::ended_well(client));
}

INSTANTIATE_TEST_SUITE_P(Transports, IdleTest, ::testing::Values("posix,cma,self", "tcp,self"),
                         [](const auto& param_info) {
                           return std::string(param_info.param).starts_with("tcp") ? "Rendezvous"
                                                                                   : "Rma";
                         });

}  // namespace
}  // namespace mayfly
