// The file system across real processes: UCX over shared memory (RMA path) and over TCP (rendezvous
// path), io_uring on a real directory, and the deaths that a job may see.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <numeric>
#include <thread>

#include "support/process_cluster.h"
#include "support/session_files.h"

namespace mayfly {
namespace {

class ServerProcessTest : public ::testing::TestWithParam<const char*> {
 protected:
  static ProcessClusterOptions options() {
    ProcessClusterOptions options;
    options.transports = GetParam();
    return options;
  }
};

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
