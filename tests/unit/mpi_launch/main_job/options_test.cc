#include "mpi_launch/main_job/options.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

Result<MainJobOptions, Failure> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "mayfly-mainjob");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  std::string usage;
  return parse_options(static_cast<int>(arguments.size()), arguments.data(), usage);
}

TEST(MainJobOptions, OneServerPerNodeIsTheDefault) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->servers_per_node, 1U);
  EXPECT_TRUE(options->server_ranks.empty());
}

TEST(MainJobOptions, ServerRanksAreAsManyServers) {
  const auto options = parse({"--server-ranks", "3,1"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->server_ranks, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(options->servers_per_node, 2U);
}

TEST(MainJobOptions, WhatAreNoDifferentRanksIsRefusedInOneSentence) {
  for (const std::string bad : {",", "1,x", "1 3", "-1", "1,1", "70000"}) {
    const auto options = parse({"--server-ranks=" + bad});
    ASSERT_FALSE(options) << bad;
    EXPECT_EQ(options.error().sentence,
              "--server-ranks must be different ranks of a node, counted from 0 and separated by "
              "commas (1,3), not \"" +
                  bad + "\".");
  }
}

TEST(MainJobOptions, ServersAreCountedOrNamedButNotBoth) {
  const auto options = parse({"--server-ranks", "1", "--servers-per-node", "1"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().sentence, "--servers-per-node excludes --server-ranks (see --help).");
}

}  // namespace
}  // namespace mayfly
