#include "mpi_launch/roles.h"

#include <gtest/gtest.h>

#include <limits>

namespace mayfly {
namespace {

std::string roles_of(const std::vector<Seat>& seats) {
  std::string roles;
  for (const Seat& seat : seats) roles += seat.role == Role::server ? 's' : 'c';
  return roles;
}

TEST(Roles, TheFirstRankOfEachNodeServes) {
  const std::vector<std::string> nodes = {"a", "a", "a", "b", "b", "b"};
  const auto seats = assign_roles(nodes, RoleOptions());
  ASSERT_TRUE(seats);
  EXPECT_EQ(roles_of(*seats), "sccscc");
  EXPECT_EQ((*seats)[3].index, 1U);
  EXPECT_EQ((*seats)[5].index, 3U);
  EXPECT_EQ((*seats)[5].node_index, 1U);
  EXPECT_EQ((*seats)[5].local_rank, 2U);
  EXPECT_EQ((*seats)[5].node_ranks, 3U);
}

TEST(Roles, RanksOfANodeNeedNotBeNeighbours) {
  const std::vector<std::string> nodes = {"a", "b", "a", "b", "a", "b"};
  const auto seats = assign_roles(nodes, {2, {}});
  ASSERT_TRUE(seats);
  EXPECT_EQ(roles_of(*seats), "sssscc");
  EXPECT_EQ((*seats)[2].node_index, 1U);
  EXPECT_EQ((*seats)[2].index, 2U);
}

TEST(Roles, AListSaysWhichRanksServe) {
  const std::vector<std::string> nodes = {"a", "a", "a", "a"};
  const auto seats = assign_roles(nodes, {1, {1, 3}});
  ASSERT_TRUE(seats);
  EXPECT_EQ(roles_of(*seats), "cscs");
}

TEST(Roles, ANodeMayBeAllServersIfAnotherHasAClient) {
  const std::vector<std::string> nodes = {"a", "b", "b"};
  const auto seats = assign_roles(nodes, RoleOptions());
  ASSERT_TRUE(seats);
  EXPECT_EQ(roles_of(*seats), "ssc");
}

TEST(Roles, AllMayServe) {
  const std::vector<std::string> nodes = {"a", "b", "b"};
  RoleOptions options;
  options.all_serve = true;
  const auto seats = assign_roles(nodes, options);
  ASSERT_TRUE(seats);
  EXPECT_EQ(roles_of(*seats), "sss");
  EXPECT_EQ((*seats)[2].node_index, 1U);
}

TEST(Roles, TooFewRanksNameTheNode) {
  const std::vector<std::string> nodes = {"a", "a", "a", "small"};
  const auto seats = assign_roles(nodes, {2, {}});
  ASSERT_FALSE(seats);
  EXPECT_EQ(seats.error().code, Errc::invalid);
  EXPECT_NE(seats.error().sentence.find("Node small has 1 rank, but"), std::string::npos);
  EXPECT_NE(seats.error().sentence.find("need 2"), std::string::npos);
}

TEST(Roles, AServerRankThatANodeLacksNamesTheNode) {
  const std::vector<std::string> nodes = {"a", "a", "a", "small"};
  const auto seats = assign_roles(nodes, {1, {2}});
  ASSERT_FALSE(seats);
  EXPECT_EQ(seats.error().code, Errc::invalid);
  EXPECT_EQ(
      seats.error().sentence,
      "Node small has 1 rank, counted from 0, and none is the server rank 2: start more ranks "
      "per node or name other server ranks.");
}

TEST(Roles, TheLargestServerRankIsRefusedToo) {
  const std::vector<std::string> nodes = {"a", "a"};
  EXPECT_FALSE(assign_roles(nodes, {1, {0, std::numeric_limits<std::uint32_t>::max()}}));
}

TEST(Roles, AServerRankNamedTwiceIsRefused) {
  const std::vector<std::string> nodes = {"a", "a", "a", "a"};
  const auto seats = assign_roles(nodes, {1, {3, 1, 3}});
  ASSERT_FALSE(seats);
  EXPECT_EQ(seats.error().sentence, "The server ranks name rank 3 twice.");
}

TEST(Roles, WithoutClientsThereIsNoJob) {
  const std::vector<std::string> nodes = {"a", "b"};
  const auto seats = assign_roles(nodes, RoleOptions());
  ASSERT_FALSE(seats);
  EXPECT_NE(seats.error().sentence.find("All 2 ranks would be servers"), std::string::npos);
}

TEST(Roles, NoServersAreRefused) {
  const std::vector<std::string> nodes = {"a", "a"};
  EXPECT_FALSE(assign_roles(nodes, {0, {}}));
}

}  // namespace
}  // namespace mayfly
