#include "mpi_launch/placement.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <thread>

namespace mayfly {
namespace {

/// The processors that the calling thread may run on.
std::set<std::uint32_t> allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  std::set<std::uint32_t> processors;
  for (std::uint32_t i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.insert(i);
  }
  return processors;
}

struct Binding {
  std::optional<std::uint32_t> said;
  std::set<std::uint32_t> allowed;
};

/// What bind_server says and does as the only server of a node, in a thread of its own.
Binding bind_alone(std::uint32_t node_ranks) {
  // libpciaccess, by which hwloc finds PCI devices, leaks, and no drive is looked for here.
  ::setenv("HWLOC_COMPONENTS", "-pci", 1);
  Binding binding;
  std::thread([&] {
    const std::vector<std::string> scratches = {"/tmp"};
    binding.said = bind_server(scratches, 0, node_ranks);
    binding.allowed = allowed();
  }).join();
  return binding;
}

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

TEST(PlacementOfThisMachine, AServerRunsOnTheOneCoreThatItSays) {
  const auto before = allowed();
  if (before.size() < 2 || static_cast<long>(before.size()) < ::sysconf(_SC_NPROCESSORS_ONLN)) {
    GTEST_SKIP() << "one core, or somebody has bound this test";
  }
  const Binding binding = bind_alone(2);
  ASSERT_TRUE(binding.said);
  EXPECT_EQ(binding.allowed, std::set<std::uint32_t>{*binding.said});
  EXPECT_EQ(allowed(), before) << "the server's thread alone is bound";
}

TEST(PlacementOfThisMachine, MoreRanksThanCoresLeaveTheServerUnbound) {
  const Binding binding =
      bind_alone(static_cast<std::uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN)) + 1);
  EXPECT_FALSE(binding.said);
  EXPECT_EQ(binding.allowed, allowed());
}

TEST(PlacementOfThisMachine, WhereTheLauncherHasBoundTheRankItsChoiceStands) {
  const auto before = allowed();
  if (before.size() < 2) GTEST_SKIP() << "there is nothing to choose";
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(*before.begin(), &first);
  ASSERT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
  const Binding binding = bind_alone(1);
  cpu_set_t all;
  CPU_ZERO(&all);
  for (const std::uint32_t processor : before) CPU_SET(processor, &all);
  ASSERT_EQ(::sched_setaffinity(0, sizeof all, &all), 0);
  EXPECT_FALSE(binding.said);
  EXPECT_EQ(binding.allowed, std::set<std::uint32_t>{*before.begin()});
}

}  // namespace
}  // namespace mayfly
