// What an open file knows and reports: sizes and times at close, and operations still under way.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

class HandleTest : public ::testing::Test {
 protected:
  std::unique_ptr<File> open(const std::string& path, int flags = O_CREAT | O_RDWR) {
    auto file = cluster_.run(client_, File::open(client_, path, flags, 0644));
    return file ? std::move(*file) : nullptr;
  }
  Attributes stat(const std::string& path) {
    auto attributes = cluster_.run(client_, client_.stat(path));
    EXPECT_TRUE(attributes);
    return attributes ? *attributes : Attributes();
  }

  SimCluster cluster_{SimOptions()};
  Session& client_ = cluster_.add_client();
  const std::vector<std::byte> bytes_ = std::vector<std::byte>(3 * kMiB, std::byte{1});
};

TEST_F(HandleTest, CloseWaitsForAWriteThatIsUnderWay) {
  auto file = open("/f");
  ReadyQueue::Scope scope(client_.loop().ready());
  auto writing = file->pwrite(bytes_, 0);
  writing.start(nullptr);
  EXPECT_TRUE(cluster_.run(client_, file->close()));
  ASSERT_TRUE(writing.done());
  EXPECT_TRUE(writing.take());
  EXPECT_EQ(stat("/f").size, bytes_.size());
}

TEST_F(HandleTest, NothingGoesThroughAClosedFile) {
  auto file = open("/f");
  EXPECT_TRUE(cluster_.run(client_, file->close()));
  std::vector<std::byte> buffer(10);
  EXPECT_EQ(cluster_.run(client_, file->pread(buffer, 0)).error(), Errc::bad_descriptor);
  EXPECT_EQ(cluster_.run(client_, file->pwrite(buffer, 0)).error(), Errc::bad_descriptor);
  EXPECT_EQ(cluster_.run(client_, file->truncate(0)).error(), Errc::bad_descriptor);
  EXPECT_EQ(cluster_.run(client_, file->fsync()).error(), Errc::bad_descriptor);
  EXPECT_EQ(cluster_.run(client_, file->stat()).error(), Errc::bad_descriptor);
}

TEST_F(HandleTest, ATimeSetAfterTheLastWriteOutlivesClose) {
  auto file = open("/f");
  ASSERT_TRUE(cluster_.run(client_, file->pwrite(bytes_, 0)));
  cluster_.clock().advance(std::chrono::seconds(2));
  ChangeBody change;
  change.mask = kMtime;
  change.mtime_ns = 1'000'000'007;
  ASSERT_TRUE(cluster_.run(client_, client_.change_attributes("/f", change)));
  cluster_.clock().advance(std::chrono::seconds(2));
  ASSERT_TRUE(cluster_.run(client_, file->close()));
  EXPECT_EQ(stat("/f").mtime_ns, 1'000'000'007);
}

TEST_F(HandleTest, AReadOfFarMoreThanThereIsTouchesOnlyWhatThereIs) {
  auto file = open("/f");
  ASSERT_TRUE(cluster_.run(client_, file->pwrite(bytes_, 0)));
  std::vector<std::byte> buffer(64 * kMiB, std::byte{0xee});
  const auto got = cluster_.run(client_, file->pread(buffer, 0));
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, bytes_.size());
  EXPECT_TRUE(std::equal(bytes_.begin(), bytes_.end(), buffer.begin()));
  EXPECT_EQ(buffer[bytes_.size()], std::byte{0xee});
  EXPECT_EQ(buffer.back(), std::byte{0xee});
}

TEST_F(HandleTest, ThousandsOfRequestsAtOnceWaitTheirTurn) {
  auto file = open("/f");
  constexpr std::size_t kRequests = 5000;
  const std::vector<std::byte> small(512, std::byte{9});
  ReadyQueue::Scope scope(client_.loop().ready());
  std::vector<Task<Result<std::size_t>>> writes;
  for (std::size_t i = 0; i < kRequests; ++i) {
    writes.push_back(file->pwrite(small, i * small.size()));
    writes.back().start(nullptr);
  }
  for (auto& write : writes) {
    while (!write.done()) cluster_.turn();
    const auto written = write.take();
    ASSERT_TRUE(written) << describe(written.error());
  }
  EXPECT_TRUE(cluster_.run(client_, file->close()));
  EXPECT_EQ(stat("/f").size, kRequests * small.size());
}

TEST_F(HandleTest, DotsAtTheEndOfAPathNameNoEntryToMakeOrRemove) {
  const auto make = [&](const std::string& path) {
    return to_errc(cluster_.run(client_, client_.make_directory(path, 0755)));
  };
  const auto remove = [&](const std::string& path) {
    return to_errc(cluster_.run(client_, client_.remove_directory(path)));
  };
  ASSERT_EQ(make("/a"), Errc::ok);
  EXPECT_EQ(make("/a/."), Errc::exists);
  EXPECT_EQ(make("/new/."), Errc::no_entry);
  EXPECT_EQ(remove("/a/."), Errc::invalid);
  EXPECT_EQ(remove("/a/./"), Errc::invalid);
  EXPECT_EQ(remove("/a/b/.."), Errc::no_entry);
  ASSERT_EQ(make("/a/b"), Errc::ok);
  EXPECT_EQ(remove("/a/b/.."), Errc::not_empty);
  EXPECT_EQ(remove("/a/b"), Errc::ok);
  EXPECT_EQ(remove("/a"), Errc::ok);
}

}  // namespace
}  // namespace mayfly
