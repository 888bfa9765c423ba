#include "cli/doctor/shared_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/units.h"

namespace mayfly {
namespace {

using ::testing::HasSubstr;

TEST(SharedMemory, RoomAndCopyAreOk) {
  for (const Check& check : check_shared_memory({kGiB, 0, "1"})) {
    EXPECT_EQ(check.verdict, Verdict::ok) << check.name;
  }
}

TEST(SharedMemory, AContainersSmallDefaultFallsBack) {
  const Check check = check_shared_memory({64 * kMiB, 0, ""}).at(0);
  EXPECT_EQ(check.verdict, Verdict::fallback);
  EXPECT_THAT(check.advice, HasSubstr("--shm-size"));
}

TEST(SharedMemory, ARefusedCopyNamesTheSetting) {
  const Check check = check_shared_memory({kGiB, EPERM, "2"}).at(1);
  EXPECT_EQ(check.verdict, Verdict::fallback);
  EXPECT_THAT(check.found, HasSubstr("ptrace_scope is 2"));
}

TEST(SharedMemory, NoProcessIsLeftBehind) {
  observe_shared_memory();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace mayfly
