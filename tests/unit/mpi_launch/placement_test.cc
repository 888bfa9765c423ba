#include "mpi_launch/placement.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

using Choice = std::vector<std::optional<std::uint32_t>>;

/// Two domains of four cores.
const std::vector<Core> kTwoSockets = {{0, 0}, {1, 0}, {2, 0}, {3, 0},
                                       {4, 1}, {5, 1}, {6, 1}, {7, 1}};

TEST(Placement, AServerGoesToTheLastCoreOfItsDrivesDomain) {
  EXPECT_EQ(choose_cores(kTwoSockets, 8, Choice{0}), Choice{3});
  EXPECT_EQ(choose_cores(kTwoSockets, 8, Choice{1}), Choice{7});
}

TEST(Placement, ServersOfOneDomainTakeDifferentCores) {
  EXPECT_EQ(choose_cores(kTwoSockets, 8, Choice({0, 0, 1})), Choice({3, 2, 7}));
}

TEST(Placement, AnUnknownDriveTakesTheLastCoreLeft) {
  EXPECT_EQ(choose_cores(kTwoSockets, 8, Choice({1, std::nullopt})), Choice({7, 6}));
}

TEST(Placement, AFullDomainSendsItsServerElsewhere) {
  const std::vector<Core> cores = {{0, 0}, {1, 0}, {2, 1}};
  EXPECT_EQ(choose_cores(cores, 3, Choice({1, 1})), Choice({2, 1}));
}

TEST(Placement, MoreRanksThanCoresBindNothing) {
  EXPECT_EQ(choose_cores(kTwoSockets, 9, Choice({0, 1})), Choice({std::nullopt, std::nullopt}));
}

TEST(Placement, WithoutCoresNothingIsBound) {
  EXPECT_EQ(choose_cores({}, 2, Choice{0}), Choice{std::nullopt});
}

}  // namespace
}  // namespace mayfly
