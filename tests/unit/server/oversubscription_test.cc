// Servers and clients on fewer cores than there are processes, beside programs that compute: what
// spins or yields there starves itself or those it waits for, a hundredfold.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "async/task_group.h"
#include "support/notice.h"
#include "support/process_cluster.h"
#include "support/session_files.h"

namespace mayfly {
namespace {

constexpr int kClients = 2;
constexpr int kCores = 2;
constexpr std::size_t kBlockBytes = 64 * kKiB;

/// Confines this process and its children to kCores cores.
class FewCores {
 public:
  FewCores() {
    MAYFLY_ASSERT(::sched_getaffinity(0, sizeof before_, &before_) == 0);
    cpu_set_t few;
    CPU_ZERO(&few);
    for (int core = 0, taken = 0; core < CPU_SETSIZE && taken < kCores; ++core) {
      if (!CPU_ISSET(core, &before_)) continue;
      CPU_SET(core, &few);
      ++taken;
    }
    MAYFLY_ASSERT(::sched_setaffinity(0, sizeof few, &few) == 0);
  }
  FewCores(const FewCores&) = delete;
  FewCores& operator=(const FewCores&) = delete;
  ~FewCores() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

/// A process that computes for as long as this object lives.
class Hog {
 public:
  Hog() : parent_(::getpid()), process_(::fork()) {
    MAYFLY_ASSERT(process_ >= 0);
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    volatile unsigned long work = 0;
    while (::getppid() == parent_) {
      for (int i = 0; i < 1'000'000; ++i) work = work + 1;
    }
    ::_exit(0);
  }
  Hog(const Hog&) = delete;
  Hog& operator=(const Hog&) = delete;
  ~Hog() {
    int status = 0;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, &status, 0);
  }

 private:
  pid_t parent_;
  pid_t process_;
};

Task<Status> ask_sizes(Session& session, std::string path, std::uint64_t size, int count) {
  for (int i = 0; i < count; ++i) {
    std::string asked = path;
    auto attributes = co_await session.stat(std::move(asked));
    if (!attributes) co_return attributes.error();
    if (attributes->size != size) co_return Errc::bad_message;
  }
  co_return Status();
}

/// Writes every `stride`th block of `bytes`, from block `first` on.
Task<Status> write_blocks(File& file, Bytes bytes, std::size_t first, std::size_t stride) {
  for (std::size_t at = first * kBlockBytes; at < bytes.size(); at += stride * kBlockBytes) {
    auto written = co_await file.pwrite(bytes.subspan(at, kBlockBytes), at);
    if (!written) co_return written.error();
  }
  co_return Status();
}

Task<Status> ask_in_window(Session& session, std::string path, std::uint64_t size, int count,
                           int window) {
  TaskGroup group;
  for (int i = 0; i < window; ++i) group.add(ask_sizes(session, path, size, count / window));
  co_return co_await group.join();
}

Task<Status> write_in_window(File& file, Bytes bytes, std::size_t window) {
  TaskGroup group;
  for (std::size_t i = 0; i < window; ++i) group.add(write_blocks(file, bytes, i, window));
  co_return co_await group.join();
}

struct Load {
  const char* transports;
  int window;
};

class OversubscriptionTest : public ::testing::TestWithParam<Load> {
 protected:
  OversubscriptionTest() : cluster_(options()) {}

  static ProcessClusterOptions options() {
    ProcessClusterOptions options;
    options.transports = GetParam().transports;
    return options;
  }

  /// Whether two clients, each with a path of its own, do `work` beside two hogs and end well
  /// within the limit after both have begun.
  bool two_clients_manage(std::function<bool(Session&, const std::string&)> work,
                          std::chrono::seconds limit) {
    std::vector<pid_t> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(cluster_.start_client([this, i, work](Session& session) {
        const std::string path = "/f" + std::to_string(i);
        const bool ready = write_file(session, path, pattern(kFileBytes, 0));
        ready_.post();
        return ready && begin_.wait() && work(session, path);
      }));
    }
    bool well = ready_.wait(kClients);
    const Hog hogs[2];
    begin_.post(kClients);
    const auto end = std::chrono::steady_clock::now() + limit;
    for (const pid_t client : clients) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(end - Clock::steady().now());
      well = ProcessCluster::ended_well(client, left) && well;
    }
    return well;
  }

  static constexpr std::size_t kFileBytes = 5000;
  FewCores cores_;
  ProcessCluster cluster_;
  Notice ready_;
  Notice begin_;
};

TEST_P(OversubscriptionTest, SmallRequestsGoOn) {
  // 500 a second of each client, which does 20,000 and more when all goes well.
  constexpr int kRequests = 20'000;
  EXPECT_TRUE(two_clients_manage(
      [](Session& session, const std::string& path) {
        return session.run(ask_in_window(session, path, kFileBytes, kRequests, GetParam().window))
            .has_value();
      },
      std::chrono::seconds(40)));
}

TEST_P(OversubscriptionTest, WritesToTheDriveGoOnAndKeepEveryByte) {
  // 80 a second of each client, which does 1,300 and more when all goes well.
  constexpr std::size_t kBlocks = 1600;
  EXPECT_TRUE(two_clients_manage(
      [](Session& session, const std::string& path) {
        const auto bytes = pattern(kBlocks * kBlockBytes, 1);
        auto file = open(session, path, O_WRONLY);
        if (!file || !session.run(write_in_window(**file, bytes, GetParam().window))) return false;
        return session.run((*file)->close()) && holds(session, path, bytes);
      },
      std::chrono::seconds(20)));
}

INSTANTIATE_TEST_SUITE_P(Loads, OversubscriptionTest,
                         ::testing::Values(Load{"posix,cma,self", 1}, Load{"posix,cma,self", 8},
                                           Load{"tcp,self", 1}, Load{"tcp,self", 8}),
                         [](const auto& param_info) {
                           const bool is_tcp = param_info.param.transports[0] == 't';
                           return std::string(is_tcp ? "RendezvousWindow" : "RmaWindow") +
                                  std::to_string(param_info.param.window);
                         });

}  // namespace
}  // namespace mayfly
