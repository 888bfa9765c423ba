// Servers whose drives take longer than the deadline, or fail, but which live.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

class SlowServerTest : public ::testing::TestWithParam<bool> {
 protected:
  static SimOptions options() {
    SimOptions options;
    options.one_sided = GetParam();
    return options;
  }
  SimCluster cluster_{options()};
};

INSTANTIATE_TEST_SUITE_P(Paths, SlowServerTest, ::testing::Bool(), [](const auto& info) {
  return info.param ? std::string("OneSided") : std::string("Rendezvous");
});

TEST_P(SlowServerTest, WritesReadsAndFsyncsThatTakeThreeDeadlinesSucceedAndHandlesLive) {
  Session& session = cluster_.add_client();
  auto opened = cluster_.run(session, File::open(session, "/file", O_CREAT | O_RDWR, 0644));
  ASSERT_TRUE(opened);
  File& file = **opened;
  for (std::uint32_t i = 0; i < 2; ++i) {
    cluster_.store(i).set_latency(3 * SessionOptions().deadline);
  }
  const std::vector<std::byte> bytes(5 * kMiB, std::byte{7});
  const auto written = cluster_.run(session, file.pwrite(bytes, 0));
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, bytes.size());
  EXPECT_TRUE(cluster_.run(session, file.fsync()));
  std::vector<std::byte> again(bytes.size());
  const auto read = cluster_.run(session, file.pread(again, 0));
  ASSERT_TRUE(read);
  EXPECT_EQ(again, bytes);
  EXPECT_TRUE(cluster_.run(session, file.close()));
  cluster_.leave(session);
}

TEST_P(SlowServerTest, TheNextCloseOfAFileOfWhichDataWasLostLaterSaysSo) {
  Session& session = cluster_.add_client();
  const auto open = [&] {
    auto opened = cluster_.run(session, File::open(session, "/file", O_CREAT | O_RDWR, 0644));
    EXPECT_TRUE(opened);
    return std::move(*opened);
  };
  for (std::uint32_t server = 0; server < 2; ++server) {
    const auto file = open();
    const std::vector<std::byte> bytes(3 * kMiB, std::byte{7});
    ASSERT_TRUE(cluster_.run(session, file->pwrite(bytes, 0)));
    cluster_.store(server).lose(file->id());
    cluster_.settle();
    EXPECT_EQ(to_errc(cluster_.run(session, file->close())), Errc::io_error);
    const auto again = open();
    ASSERT_TRUE(cluster_.run(session, again->pwrite(bytes, 0)));
    EXPECT_TRUE(cluster_.run(session, again->close()));
  }
  cluster_.leave(session);
}

TEST_P(SlowServerTest, OneThatIsFarTooSlowGivesIoErrorAndServesAgainWhenItHasRecovered) {
  Session& session = cluster_.add_client();
  auto opened = cluster_.run(session, File::open(session, "/slow", O_CREAT | O_RDWR, 0644));
  ASSERT_TRUE(opened);
  for (std::uint32_t i = 0; i < 2; ++i) {
    cluster_.store(i).set_latency(2 * Channel::kPatience * SessionOptions().deadline);
  }
  const std::vector<std::byte> bytes(8 * kMiB, std::byte{7});
  const auto late = cluster_.run(session, (*opened)->pwrite(bytes, 0));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error(), Errc::io_error);
  const Status closed = cluster_.run(session, (*opened)->close());
  EXPECT_EQ(to_errc(closed), Errc::io_error);
  for (std::uint32_t i = 0; i < 2; ++i) cluster_.store(i).set_latency(Nanoseconds(0));
  // More than all the Buffers: none of them may have stayed with the lost connection.
  for (int round = 0; round < 4; ++round) {
    auto again = cluster_.run(session, File::open(session, "/new", O_CREAT | O_RDWR, 0644));
    ASSERT_TRUE(again);
    ASSERT_TRUE(cluster_.run(session, (*again)->pwrite(bytes, 0)));
    std::vector<std::byte> read(bytes.size());
    ASSERT_TRUE(cluster_.run(session, (*again)->pread(read, 0)));
    EXPECT_EQ(read, bytes);
    EXPECT_TRUE(cluster_.run(session, (*again)->close()));
  }
  cluster_.leave(session);
}

}  // namespace
}  // namespace mayfly
