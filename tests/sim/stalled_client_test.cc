// Clients that start operations and then compute, beside others that want to go on.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

using Read = Task<Result<std::size_t>>;

class StalledClientTest : public ::testing::TestWithParam<bool> {
 protected:
  static SimOptions options() {
    SimOptions options;
    options.servers = 1;
    options.one_sided = GetParam();
    return options;
  }

  std::unique_ptr<File> open(Session& session, const std::string& path) {
    auto file = cluster_.run(session, File::open(session, path, O_CREAT | O_RDWR, 0644));
    return file ? std::move(*file) : nullptr;
  }
  static std::vector<std::byte> filled(std::size_t bytes, int value) {
    return std::vector<std::byte>(bytes, static_cast<std::byte>(value));
  }
  Errc write(Session& session, File& file, const std::vector<std::byte>& bytes) {
    auto written = cluster_.run(session, file.pwrite(bytes, 0));
    return written ? Errc::ok : written.error();
  }
  /// The result of a task that was started before.
  Result<std::size_t> finish(Read& task) {
    while (!task.done()) cluster_.turn();
    return task.take();
  }
  Nanoseconds since(TimePoint begin) { return cluster_.clock().now() - begin; }

  SimCluster cluster_{options()};
  Session& busy_ = cluster_.add_client();
};

TEST_P(StalledClientTest, ManyThatNeverFetchWhatTheyReadStopNobodyAndGetTheirBytesLater) {
  constexpr std::size_t kBytes = 4 * kMiB;
  const auto first = filled(kBytes, 1);
  auto file = open(busy_, "/read");
  ASSERT_EQ(write(busy_, *file, first), Errc::ok);
  // Slots are taken back from any number of them; a rendezvous cannot be, so there only the bound
  // of each one's share helps (docs/decisions.md).
  const std::size_t large = cluster_.pool(0).total(BufferClass::large);
  const std::size_t victims = GetParam() ? large + 1 : large - 1;
  std::vector<Session*> sessions;
  std::vector<std::unique_ptr<File>> files;
  std::vector<std::vector<std::byte>> buffers(victims, filled(kBytes, 0));
  std::vector<Read> reads;
  for (std::size_t i = 0; i < victims; ++i) {
    sessions.push_back(&cluster_.add_client());
    files.push_back(open(*sessions[i], "/read"));
    ReadyQueue::Scope scope(sessions[i]->loop().ready());
    reads.push_back(files[i]->pread(buffers[i], 0));
    reads[i].start(nullptr);
    cluster_.stall_client(*sessions[i], true);
  }
  const TimePoint begin = cluster_.clock().now();
  auto other = open(busy_, "/written");
  for (int round = 2; round < 6; ++round) {
    ASSERT_EQ(write(busy_, *other, filled(kBytes, round)), Errc::ok);
  }
  EXPECT_LT(since(begin), Channel::kDefaultDeadline / 2);
  for (std::size_t i = 0; i < victims; ++i) {
    cluster_.stall_client(*sessions[i], false);
    const auto bytes = finish(reads[i]);
    ASSERT_TRUE(bytes) << describe(bytes.error());
    EXPECT_EQ(buffers[i], first) << "bytes of another's write";
  }
}

TEST_P(StalledClientTest, ManyThatStopInMidWriteLeaveOthersTheirShare) {
  constexpr std::size_t kBytes = 8 * kMiB;
  const auto bytes = filled(kBytes, 7);
  Session& victim = cluster_.add_client();
  auto file = open(victim, "/stopped");
  auto other = open(busy_, "/f");
  std::optional<Read> writing;
  {
    ReadyQueue::Scope scope(victim.loop().ready());
    writing = file->pwrite(bytes, 0);
    writing->start(nullptr);
  }
  for (int i = 0; i < 4; ++i) cluster_.turn();
  cluster_.stall_client(victim, true);
  const TimePoint begin = cluster_.clock().now();
  EXPECT_EQ(write(busy_, *other, bytes), Errc::ok);
  EXPECT_LT(since(begin), Channel::kDefaultDeadline / 2);
  cluster_.stall_client(victim, false);
  const auto written = finish(*writing);
  ASSERT_TRUE(written) << describe(written.error());
  auto read_back = filled(kBytes, 0);
  ASSERT_TRUE(cluster_.run(victim, file->pread(read_back, 0)));
  EXPECT_EQ(read_back, bytes);
}

INSTANTIATE_TEST_SUITE_P(Paths, StalledClientTest, ::testing::Bool(), [](const auto& path) {
  return std::string(path.param ? "Rma" : "Rendezvous");
});

}  // namespace
}  // namespace mayfly
