// Random calls of the C interface by threads of several processes, compared with the local file
// system: results, errno, attributes, bytes. Under mpirun: tests/cluster/random_calls_job.cc.
#include "support/random_crew.h"
#include "support/reference_directory.h"
#include "unit/client/c_api_fixture.h"

namespace mayfly {
namespace {

/// Calls of each thread. More by $MAYFLY_MODEL_STEPS.
unsigned steps() {
  const char* asked = ::getenv("MAYFLY_MODEL_STEPS");
  return asked != nullptr ? static_cast<unsigned>(std::atoi(asked)) : 2000;
}

class RandomCallsTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  static constexpr unsigned kProcesses = 2;

  static ProcessClusterOptions options() {
    ProcessClusterOptions options;
    options.servers = GetParam();
    return options;
  }

  /// A process that is a member, does `work`, and says what it has found.
  template <class Work>
  pid_t start(std::uint64_t process, Work work) {
    return ProcessCluster::start_process([this, process, work] {
      ::umask(0);
      const WireBytes session = encode(cluster_.info());
      if (mayfly_join(session.data(), session.size()) != 0) return false;
      RandomCrew crew;
      crew.local = local_.root();
      crew.seed = GetParam() * 10 + process;
      crew.steps = steps();
      const std::vector<std::string> differences = work(crew);
      for (const std::string& difference : differences) ADD_FAILURE() << difference;
      return mayfly_leave() == 0 && differences.empty();
    });
  }
  template <class Work>
  void run(Work work) {
    std::vector<pid_t> processes;
    for (unsigned i = 0; i < kProcesses; ++i) processes.push_back(start(i, work));
    for (const pid_t process : processes) {
      EXPECT_TRUE(ProcessCluster::ended_well(process, std::chrono::seconds(200)));
    }
  }

  ReferenceDirectory local_;
  ProcessCluster cluster_{options()};
};

TEST_P(RandomCallsTest, EachThreadOnATreeOfItsOwn) { run(work_apart); }

TEST_P(RandomCallsTest, AllThreadsInTurnsOnOneTree) {
  run(work_together);
  EXPECT_TRUE(ProcessCluster::ended_well(start(0, compare_what_is_together)));
}

INSTANTIATE_TEST_SUITE_P(Servers, RandomCallsTest, ::testing::Range(1U, 5U));

}  // namespace
}  // namespace mayfly
