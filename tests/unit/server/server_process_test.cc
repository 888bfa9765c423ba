// The file system across real processes: UCX over shared memory (RMA path) and over TCP (rendezvous
// path), io_uring on a real directory, and the deaths that a job may see.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <numeric>
#include <thread>

#include "base/log.h"
#include "client/directory.h"
#include "layout/layout.h"
#include "support/notice.h"
#include "support/process_cluster.h"
#include "support/session_files.h"

namespace mayfly {
namespace {

/// A name in "/" whose dentry, inode and first chunk are on `server`.
std::string path_on(std::uint32_t server, const ProcessCluster& cluster, const std::string& begin) {
  for (int i = 0;; ++i) {
    const std::string name = begin + std::to_string(i);
    if (server_of_name(kRootId, name, cluster.info().server_count()) == server) return "/" + name;
  }
}

Errc error_of(const Status& status) { return to_errc(status); }
template <class T>
Errc error_of(const Result<T>& result) {
  return result ? Errc::ok : result.error();
}

class ServerProcessTest : public ::testing::TestWithParam<const char*> {
 protected:
  static ProcessClusterOptions options() {
    ProcessClusterOptions options;
    options.transports = GetParam();
    return options;
  }
  static bool is_rma() { return GetParam()[0] != 't'; }
};

TEST_P(ServerProcessTest, TheDataPathIsTheOneThatTheTransportsAllow) {
  ProcessCluster cluster(options());
  EXPECT_TRUE(cluster.run_client([](Session& session) {
    for (std::uint32_t server = 0; server < session.servers(); ++server) {
      if (!session.run(session.channel(server).open())) return false;
      if (session.channel(server).is_one_sided() != is_rma()) return false;
      if (session.channel(server).has_lane() != is_rma()) return false;
    }
    return true;
  }));
}

TEST_P(ServerProcessTest, ServersMayHaveAsManyClientsAsTheHardLimitOfDescriptorsAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{std::min<rlim_t>(before.rlim_cur, 512), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  ProcessCluster cluster(options());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit servers{};
  ASSERT_EQ(::prlimit(cluster.server_process(0), RLIMIT_NOFILE, nullptr, &servers), 0);
  EXPECT_EQ(servers.rlim_cur, before.rlim_max);
}

TEST_P(ServerProcessTest, SizesRoundTheInlineAndThePieceLimitKeepEveryByte) {
  ProcessCluster cluster(options());
  const std::size_t sizes[] = {1, kInlineBytes - 1, kInlineBytes, kInlineBytes + 1, kMiB + 1};
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    for (const std::size_t size : sizes) {
      const std::string path = "/f" + std::to_string(size);
      if (!write_file(session, path, pattern(size, static_cast<unsigned>(size)))) return false;
    }
    return true;
  }));
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    for (const std::size_t size : sizes) {
      const std::string path = "/f" + std::to_string(size);
      if (!holds(session, path, pattern(size, static_cast<unsigned>(size)))) return false;
    }
    return true;
  }));
}

TEST_P(ServerProcessTest, WhatOneProcessWroteAnotherReadsByteForByte) {
  ProcessCluster cluster(options());
  const auto bytes = pattern(20 * kMiB + 4711, 1);
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    return write_file(session, "/f", bytes) && holds(session, "/f", bytes);
  }));
  EXPECT_TRUE(cluster.run_client([&](Session& session) { return holds(session, "/f", bytes); }));
  EXPECT_EQ(cluster.scratch_entries(), 0U);
}

TEST_P(ServerProcessTest, ManyThreadsShareOneSession) {
  ProcessCluster cluster(options());
  EXPECT_TRUE(cluster.run_client([](Session& session) {
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (unsigned t = 0; t < 8; ++t) {
      threads.emplace_back([&session, &good, t] {
        bool well = true;
        for (unsigned round = 0; round < 5; ++round) {
          const std::string path = "/t" + std::to_string(t) + "-" + std::to_string(round);
          const auto bytes = pattern(100'000 * (t + 1) + round, t * 10 + round);
          well = well && write_file(session, path, bytes) && holds(session, path, bytes);
        }
        good += well ? 1 : 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    return good == 8;
  }));
}

TEST_P(ServerProcessTest, AClientKilledInMidWriteLeavesNothingAndOthersGoOn) {
  ProcessCluster cluster(options());
  EXPECT_TRUE(cluster.run_client([](Session& session) {
    return session.run(session.make_directory("/d", 0755)).has_value();
  }));
  const pid_t victim = cluster.start_client([](Session& session) {
    auto file = open(session, "/d/victim", O_CREAT | O_RDWR);
    if (!file) return false;
    const auto bytes = pattern(32 * kMiB, 2);
    for (;;) {
      if (!session.run((*file)->pwrite(bytes, 0))) return false;
    }
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  ::kill(victim, SIGKILL);
  int status = 0;
  ::waitpid(victim, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it was to die in mid-write";
  const auto bytes = pattern(30 * kMiB, 3);
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    if (!write_file(session, "/d/other", bytes) || !holds(session, "/d/other", bytes)) return false;
    if (!session.run(session.remove_file("/d/victim"))) return false;
    if (!session.run(session.remove_file("/d/other"))) return false;
    if (!session.run(session.remove_directory("/d"))) return false;
    // The victim's handle and data go once its death is known: keepalive takes up to two seconds.
    for (int tries = 0; tries < 150; ++tries) {
      const auto usage = session.run(session.usage());
      if (usage && usage->used_bytes == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }));
}

TEST_P(ServerProcessTest, AKilledServerGivesEioAndNobodyHangs) {
  ProcessCluster cluster(options());
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t client = cluster.start_client([&](Session& session) {
    const auto bytes = pattern(16 * kMiB, 4);
    if (!write_file(session, "/f", bytes)) return false;
    auto file = open(session, "/f", O_RDWR);
    if (!file || ::write(ready[1], "r", 1) != 1) return false;
    std::vector<std::byte> buffer(bytes.size());
    for (;;) {
      auto got = session.run((*file)->pread(buffer, 0));
      if (!got) return got.error() == Errc::io_error;
    }
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  cluster.kill_server(1, SIGKILL);
  EXPECT_TRUE(ProcessCluster::ended_well(client, std::chrono::seconds(40)));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_P(ServerProcessTest, AServerThatStandsStillGivesEioWithinTheDeadline) {
  ProcessCluster cluster(options());
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  SessionOptions session_options;
  session_options.deadline = std::chrono::seconds(3);
  const pid_t client = cluster.start_client(
      [&](Session& session) {
        const auto bytes = pattern(16 * kMiB, 5);
        if (!write_file(session, "/f", bytes)) return false;
        auto file = open(session, "/f", O_RDWR);
        if (!file || ::write(ready[1], "r", 1) != 1) return false;
        for (;;) {
          auto written = session.run((*file)->pwrite(bytes, 0));
          if (!written) return written.error() == Errc::io_error;
        }
      },
      session_options);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  cluster.kill_server(0, SIGSTOP);
  EXPECT_TRUE(ProcessCluster::ended_well(client, std::chrono::seconds(40)));
  ::close(ready[0]);
  ::close(ready[1]);
}

/// What a client sees of a server that stands still while it writes to `path`, and thereafter.
bool outlive_a_standstill(Session& session, const std::string& path, Notice& writes, Notice& stands,
                          Notice& goes_on) {
  const auto bytes = pattern(8 * kMiB, 5);
  auto old = open(session, path, O_CREAT | O_RDWR);
  if (!old || !session.run((*old)->pwrite(bytes, 0))) return false;
  writes.post();
  if (!stands.wait()) return false;
  const TimePoint asked = Clock::steady().now();
  if (error_of(session.run((*old)->pwrite(pattern(8 * kMiB, 6), 0))) != Errc::io_error) {
    return false;
  }
  if (Clock::steady().now() - asked > std::chrono::seconds(4)) return false;
  writes.post();
  if (!goes_on.wait()) return false;
  // What was late may come to the server now, and must not overwrite what comes after it.
  if (!write_file(session, path, bytes)) return false;
  std::vector<std::byte> buffer(bytes.size());
  for (int i = 0; i < 20; ++i) {
    if (!holds(session, path, bytes)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return error_of(session.run((*old)->pread(buffer, 0))) == Errc::io_error &&
         error_of(session.run((*old)->pwrite(bytes, 0))) == Errc::io_error &&
         error_of(session.run((*old)->close())) == Errc::io_error && holds(session, path, bytes);
}

TEST_P(ServerProcessTest, AfterAStandstillTheSameSessionGoesOnWithNewHandles) {
  ProcessCluster cluster(options());
  Notice writes, stands, goes_on;
  SessionOptions session_options;
  session_options.deadline = std::chrono::seconds(2);
  const std::string path = path_on(1, cluster, "f");
  const pid_t client = cluster.start_client(
      [&](Session& session) {
        return outlive_a_standstill(session, path, writes, stands, goes_on);
      },
      session_options);
  EXPECT_TRUE(writes.wait());
  cluster.kill_server(1, SIGSTOP);
  stands.post();
  EXPECT_TRUE(writes.wait());
  cluster.kill_server(1, SIGCONT);
  goes_on.post();
  EXPECT_TRUE(ProcessCluster::ended_well(client));
}

/// A client's calls that need server 1, each with what it gives.
std::vector<std::pair<std::string, Errc>> try_everything(Session& session,
                                                         const ProcessCluster& cluster,
                                                         File& file) {
  const std::string there = path_on(1, cluster, "there");
  const std::string new_name = path_on(1, cluster, "new");
  std::vector<std::byte> buffer(4 * kMiB);
  std::vector<std::pair<std::string, Errc>> results;
  results.emplace_back("pread", error_of(session.run(file.pread(buffer, 0))));
  results.emplace_back("pwrite", error_of(session.run(file.pwrite(buffer, 0))));
  results.emplace_back("fsync", error_of(session.run(file.fsync())));
  results.emplace_back("truncate", error_of(session.run(file.truncate(1))));
  results.emplace_back("open", error_of(open(session, there, O_RDWR)));
  results.emplace_back("create", error_of(open(session, new_name, O_CREAT | O_RDWR)));
  results.emplace_back("mkdir", error_of(session.run(session.make_directory(new_name, 0755))));
  results.emplace_back("rmdir", error_of(session.run(session.remove_directory(there))));
  results.emplace_back("stat", error_of(session.run(session.stat(there))));
  results.emplace_back("unlink", error_of(session.run(session.remove_file(there))));
  auto directory = session.run(Directory::open(session, "/"));
  Errc listed = error_of(directory);
  while (listed == Errc::ok) {
    auto item = session.run((*directory)->next());
    listed = error_of(item);
    if (item && !item->has_value()) break;
  }
  results.emplace_back("readdir", listed);
  results.emplace_back("close", error_of(session.run(file.close())));
  return results;
}

/// Whether all of it gives EIO, and within 5 s of the first call.
bool all_give_eio_in_time(Session& session, const ProcessCluster& cluster, File& file) {
  const TimePoint begin = Clock::steady().now();
  bool well = true;
  for (const auto& [call, error] : try_everything(session, cluster, file)) {
    if (error == Errc::io_error) continue;
    std::fprintf(stderr, "%s gave: %s\n", call.c_str(), describe(error).c_str());
    well = false;
  }
  return well && Clock::steady().now() - begin < std::chrono::seconds(5);
}

TEST_P(ServerProcessTest, AKilledServerGivesEveryCallOfEveryClientEioInTimeAndIsNamedOnce) {
  constexpr int kClients = 3;
  ProcessCluster cluster(options());
  Notice ready, killed;
  std::vector<pid_t> clients;
  std::vector<int> logs;
  for (int i = 0; i < kClients; ++i) {
    logs.push_back(::memfd_create("stderr of a client", MFD_CLOEXEC));
    clients.push_back(cluster.start_client([&, i](Session& session) {
      ::dup2(logs.back(), STDERR_FILENO);
      log::start("client");
      const std::string path = path_on(1, cluster, "f" + std::to_string(i) + "-");
      auto file = open(session, path, O_CREAT | O_RDWR);
      if (!file || !session.run((*file)->pwrite(pattern(4 * kMiB, 1), 0))) return false;
      ready.post();
      return killed.wait() && all_give_eio_in_time(session, cluster, **file);
    }));
  }
  EXPECT_TRUE(ready.wait(kClients));
  cluster.kill_server(1, SIGKILL);
  killed.post(kClients);
  for (int i = 0; i < kClients; ++i) {
    const bool well = ProcessCluster::ended_well(clients[i], std::chrono::seconds(20));
    std::string log(10'000, '\0');
    const ssize_t bytes = ::pread(logs[i], log.data(), log.size(), 0);
    ::close(logs[i]);
    log.resize(bytes < 0 ? 0 : static_cast<std::size_t>(bytes));
    EXPECT_TRUE(well) << log;
    const std::size_t named = log.find("server 1 on node1: it is gone");
    EXPECT_NE(named, log.npos) << log;
    EXPECT_EQ(log.find("server 1 on", named + 1), log.npos) << log;
  }
}

TEST_P(ServerProcessTest, AWrongSecretIsRefusedAndTheServerGoesOn) {
  ProcessCluster cluster(options());
  SessionInfo forged = cluster.info();
  forged.secret[7] ^= 1;
  EXPECT_TRUE(ProcessCluster::ended_well(cluster.start_client_of(forged, [](Session& session) {
    auto attributes = session.run(session.stat("/"));
    return !attributes && attributes.error() == Errc::access_denied;
  })));
  EXPECT_TRUE(cluster.run_client(
      [](Session& session) { return session.run(session.stat("/")).has_value(); }));
}

TEST_P(ServerProcessTest, AFullDriveIsEnospcAndWhatWasAcknowledgedStays) {
  ProcessClusterOptions small = options();
  small.capacity_bytes = 16 * kMiB;
  ProcessCluster cluster(small);
  EXPECT_TRUE(cluster.run_client([](Session& session) {
    const auto kept = pattern(4 * kMiB, 6);
    if (!write_file(session, "/kept", kept)) return false;
    auto big = open(session, "/big", O_CREAT | O_RDWR);
    if (!big) return false;
    const auto bytes = pattern(64 * kMiB, 7);
    auto written = session.run((*big)->pwrite(bytes, 0));
    if (written || written.error() != Errc::no_space) return false;
    if (!session.run((*big)->close()) || !holds(session, "/kept", kept)) return false;
    if (!session.run(session.remove_file("/big"))) return false;
    for (int tries = 0; tries < 50; ++tries) {
      if (write_file(session, "/after", pattern(8 * kMiB, 8))) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }));
}

TEST_P(ServerProcessTest, SigtermEndsAServerInOrder) {
  ProcessCluster cluster(options());
  EXPECT_TRUE(cluster.run_client(
      [](Session& session) { return write_file(session, "/f", pattern(kMiB, 9)); }));
  EXPECT_TRUE(cluster.stop_server(0));
  EXPECT_TRUE(cluster.stop_server(1));
  EXPECT_EQ(cluster.scratch_entries(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Transports, ServerProcessTest,
                         ::testing::Values("posix,cma,self", "tcp,self"),
                         [](const auto& param_info) {
                           return std::string(param_info.param).starts_with("tcp") ? "Rendezvous"
                                                                                   : "Rma";
                         });

}  // namespace
}  // namespace mayfly
