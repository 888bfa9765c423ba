#include "cli/doctor/io_uring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace mayfly {
namespace {

using ::testing::HasSubstr;

TEST(IoUring, AFullRingIsOk) {
  const auto checks = check_io_uring({"6.8.0", "0", 0, 0, 0, {}});
  ASSERT_EQ(checks.size(), 3u);
  for (const Check& check : checks) EXPECT_EQ(check.verdict, Verdict::ok) << check.name;
}

TEST(IoUring, AnOlderKernelFallsBackToAPlainRing) {
  const auto checks = check_io_uring({"5.15.0", "", 0, EINVAL, 0, {}});
  EXPECT_EQ(checks.at(1).verdict, Verdict::fallback);
  EXPECT_THAT(checks.at(1).advice, HasSubstr("plain ring"));
}

TEST(IoUring, TheSysctlIsNamedWhenItForbidsRings) {
  const auto checks = check_io_uring({"6.8.0", "2", EPERM, EPERM, 0, {}});
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[1].verdict, Verdict::problem);
  EXPECT_THAT(checks[1].found, HasSubstr("io_uring_disabled is 2"));
  EXPECT_THAT(checks[1].advice, HasSubstr("kernel.io_uring_disabled to 0"));
}

TEST(IoUring, ARefusalWithoutTheSysctlPointsToTheContainer) {
  const auto checks = check_io_uring({"6.8.0", "0", EPERM, EPERM, 0, {}});
  EXPECT_EQ(checks.at(1).verdict, Verdict::problem);
  EXPECT_THAT(checks.at(1).advice, HasSubstr("seccomp"));
}

TEST(IoUring, AKernelWithoutItIsAProblem) {
  const auto checks = check_io_uring({"4.18.0", "", ENOSYS, ENOSYS, 0, {}});
  EXPECT_EQ(checks.at(1).verdict, Verdict::problem);
  EXPECT_THAT(checks.at(1).advice, HasSubstr("Linux 5.10"));
}

TEST(IoUring, AMissingOperationIsAProblem) {
  const auto checks = check_io_uring({"5.4.0", "", 0, EINVAL, 0, {"FALLOCATE"}});
  EXPECT_EQ(checks.at(1).verdict, Verdict::problem);
  EXPECT_THAT(checks.at(1).found, HasSubstr("FALLOCATE"));
}

TEST(IoUring, RefusedBuffersFallBack) {
  const auto checks = check_io_uring({"6.8.0", "0", 0, 0, ENOMEM, {}});
  EXPECT_EQ(checks.at(2).verdict, Verdict::fallback);
}

TEST(IoUring, ThisKernelIsLookedAt) { EXPECT_FALSE(observe_io_uring().kernel.empty()); }

}  // namespace
}  // namespace mayfly
