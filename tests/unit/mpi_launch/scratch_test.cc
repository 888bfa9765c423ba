#include "mpi_launch/scratch.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

const ScratchSources kAll = {"/nvme0,/nvme1", "/site", "/job", "/tmp/mayfly-7"};

TEST(Scratch, ServersTakeTheListedDrivesInTurn) {
  EXPECT_EQ(choose_scratch(kAll, 0, 3).directory, "/nvme0");
  EXPECT_EQ(choose_scratch(kAll, 1, 3).directory, "/nvme1");
  EXPECT_EQ(choose_scratch(kAll, 2, 3).directory, "/nvme0");
  EXPECT_FALSE(choose_scratch(kAll, 0, 3).is_private);
}

TEST(Scratch, KnowsHowManyServersShareADrive) {
  EXPECT_EQ(choose_scratch(kAll, 0, 3).servers_here, 2U);
  EXPECT_EQ(choose_scratch(kAll, 1, 3).servers_here, 1U);
  EXPECT_EQ(choose_scratch(kAll, 2, 3).servers_here, 2U);
  EXPECT_EQ(choose_scratch(kAll, 0, 1).servers_here, 1U);
}

TEST(Scratch, FallsBackInOrder) {
  EXPECT_EQ(choose_scratch({"", "/site", "/job", "/p"}, 0, 1).directory, "/site");
  EXPECT_EQ(choose_scratch({"", "/s0,/s1", "/job", "/p"}, 1, 2).directory, "/s1");
  EXPECT_EQ(choose_scratch({"", "", "/job", "/p"}, 0, 1).directory, "/job");
  const ScratchChoice last = choose_scratch({"", "", "", "/p"}, 1, 2);
  EXPECT_EQ(last.directory, "/p");
  EXPECT_TRUE(last.is_private);
  EXPECT_EQ(last.servers_here, 2U);
}

TEST(Scratch, ATemporaryDirectoryWithACommaIsOneDirectory) {
  EXPECT_EQ(choose_scratch({"", "", "/a,b", "/p"}, 0, 1).directory, "/a,b");
}

TEST(Scratch, EmptyPartsOfAListAreDropped) {
  EXPECT_EQ(split_list(",/a,,/b,"), (std::vector<std::string>{"/a", "/b"}));
  EXPECT_TRUE(split_list(",").empty());
}

}  // namespace
}  // namespace mayfly
