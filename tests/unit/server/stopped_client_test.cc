// A client that is stopped (SIGSTOP, a debugger) in the middle of reads or writes, beside others.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <thread>

#include "support/notice.h"
#include "support/process_cluster.h"
#include "support/session_files.h"

namespace mayfly {
namespace {

constexpr int kStops = 4;

class StoppedClientTest : public ::testing::TestWithParam<const char*> {
 protected:
  StoppedClientTest() : cluster_(options()) {
    EXPECT_TRUE(cluster_.run_client(
        [this](Session& session) { return write_file(session, "/f", bytes_); }));
  }

  static ProcessClusterOptions options() {
    ProcessClusterOptions options;
    options.transports = GetParam();
    return options;
  }
  /// Starts a client that reads or writes for ever.
  pid_t start_victim(bool reads) {
    const pid_t victim = cluster_.start_client([this, reads](Session& session) {
      auto file = open(session, "/f", O_RDWR);
      std::vector<std::byte> buffer(bytes_);
      ready_.post();
      for (;;) {
        if (!session.run(reads ? (*file)->pread(buffer, 0) : (*file)->pwrite(bytes_, 0)))
          return false;
      }
    });
    EXPECT_TRUE(ready_.wait());
    return victim;
  }
  /// Whether others can read and write while `victim` stands still wherever it was.
  void others_go_on_beside(pid_t victim) {
    SessionOptions session;
    session.deadline = std::chrono::seconds(8);
    for (int stop = 0; stop < kStops; ++stop) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20 + stop));
      ::kill(victim, SIGSTOP);
      EXPECT_TRUE(cluster_.run_client(
          [this](Session& other) {
            return holds(other, "/f", bytes_) && write_file(other, "/g", bytes_);
          },
          session));
      ::kill(victim, SIGCONT);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(victim, &status, WNOHANG), 0) << "the stopped client had an error";
    ::kill(victim, SIGKILL);
    ::waitpid(victim, &status, 0);
  }

  const std::vector<std::byte> bytes_ = pattern(32 * kMiB, 5);
  ProcessCluster cluster_;
  Notice ready_;
};

TEST_P(StoppedClientTest, WhoStopsInTheMiddleOfReadsStopsNobodyElse) {
  others_go_on_beside(start_victim(true));
}

TEST_P(StoppedClientTest, WhoStopsInTheMiddleOfWritesStopsNobodyElse) {
  others_go_on_beside(start_victim(false));
}

INSTANTIATE_TEST_SUITE_P(Transports, StoppedClientTest,
                         ::testing::Values("posix,cma,self", "tcp,self"),
                         [](const auto& param_info) {
                           return std::string(param_info.param).starts_with("tcp") ? "Rendezvous"
                                                                                   : "Rma";
                         });

}  // namespace
}  // namespace mayfly
