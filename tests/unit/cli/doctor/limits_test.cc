#include "cli/doctor/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mayfly {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

TEST(LockedMemory, EnoughIsOk) {
  EXPECT_EQ(check_locked_memory({RLIM_INFINITY, RLIM_INFINITY, false}).verdict, Verdict::ok);
  EXPECT_EQ(check_locked_memory({kGiB, kGiB, false}).verdict, Verdict::ok);
}

TEST(LockedMemory, TheCapabilityLiftsTheLimit) {
  EXPECT_EQ(check_locked_memory({8 * kMiB, 8 * kMiB, true}).verdict, Verdict::ok);
}

TEST(LockedMemory, TooLittleFallsBackAndSaysWhoCanRaiseIt) {
  const Check mine = check_locked_memory({8 * kMiB, RLIM_INFINITY, false});
  EXPECT_EQ(mine.verdict, Verdict::fallback);
  EXPECT_THAT(mine.advice, HasSubstr("run ulimit -l 66560"));
  const Check theirs = check_locked_memory({8 * kMiB, 8 * kMiB, false});
  EXPECT_THAT(theirs.advice, HasSubstr("administrator"));
}

TEST(LockedMemory, TheLimitOfAnUnprivilegedProcessIsSeen) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{kMiB, kMiB};
    ::setrlimit(RLIMIT_MEMLOCK, &limit);
    if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    const LockedMemoryFacts facts = observe_locked_memory();
    const bool seen = facts.limit_bytes == kMiB && !facts.may_lock_all &&
                      check_locked_memory(facts).verdict == Verdict::fallback;
    ::_exit(seen ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(OpenFiles, EnoughIsOk) { EXPECT_EQ(check_open_files({1024, 1024}).verdict, Verdict::ok); }

TEST(OpenFiles, FewFallBackAndHardlyAnyAreAProblem) {
  EXPECT_EQ(check_open_files({256, 4096}).verdict, Verdict::fallback);
  const Check hardly_any = check_open_files({32, 4096});
  EXPECT_EQ(hardly_any.verdict, Verdict::problem);
  EXPECT_THAT(hardly_any.advice, HasSubstr("run ulimit -n 1024"));
  EXPECT_THAT(check_open_files({32, 32}).advice, HasSubstr("administrator"));
}

}  // namespace
}  // namespace mayfly
