#include "cli/doctor/ucx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly {
namespace {

using ::testing::HasSubstr;

const Transport kPosix = {"posix", "memory", Reach::same_node};
const Transport kCma = {"cma", "memory", Reach::same_node};
const Transport kTcp = {"tcp", "eth0", Reach::network};
const Transport kTcpLoopback = {"tcp", "lo", Reach::network};
const Transport kRdma = {"rc_mlx5", "mlx5_0:1", Reach::network};

UcxFacts with(std::vector<Transport> transports) { return {1, 13, "1.13.1", "", transports}; }

TEST(Ucx, SharedMemoryAndRdmaAreOk) {
  for (const Check& check : check_ucx(with({kPosix, kTcp, kRdma}))) {
    EXPECT_EQ(check.verdict, Verdict::ok) << check.name;
  }
}

TEST(Ucx, WithoutRdmaTcpIsUsedBetweenNodes) {
  const Check check = check_ucx(with({kPosix, kTcp})).at(2);
  EXPECT_EQ(check.verdict, Verdict::fallback);
  EXPECT_THAT(check.found, HasSubstr("tcp/eth0"));
}

TEST(Ucx, TheLoopbackDeviceReachesNoOtherNode) {
  const Check check = check_ucx(with({kPosix, kTcpLoopback})).at(2);
  EXPECT_EQ(check.verdict, Verdict::fallback);
  EXPECT_THAT(check.advice, HasSubstr("one node"));
}

TEST(Ucx, CopyingBetweenProcessesIsNoSharedMemory) {
  const Check check = check_ucx(with({kCma, kTcp})).at(1);
  EXPECT_EQ(check.verdict, Verdict::fallback);
  EXPECT_THAT(check.advice, HasSubstr("TCP is used"));
}

TEST(Ucx, NothingAtAllIsAProblem) {
  EXPECT_EQ(check_ucx(with({})).at(1).verdict, Verdict::problem);
}

TEST(Ucx, AnUntestedOldVersionIsSaid) {
  EXPECT_EQ(check_ucx({1, 12, "1.12.0", "", {}}).at(0).verdict, Verdict::fallback);
  EXPECT_EQ(check_ucx({2, 0, "2.0.0", "", {}}).at(0).verdict, Verdict::ok);
}

TEST(Ucx, TheUsersChoiceIsShown) {
  EXPECT_THAT(check_ucx({1, 13, "1.13.1", "tcp", {}}).at(0).found, HasSubstr("UCX_TLS=tcp"));
}

TEST(Ucx, TheInstalledLibraryTellsItsTransports) {
  const UcxFacts facts = observe_ucx();
  EXPECT_FALSE(facts.version.empty());
  EXPECT_FALSE(facts.transports.empty());
}

}  // namespace
}  // namespace mayfly
