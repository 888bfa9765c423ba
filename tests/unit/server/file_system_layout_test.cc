// Where the bytes of a file go, how many are on their way at once, and whose drives fsync asks.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "support/session_files.h"
#include "support/sim_cluster.h"

namespace mayfly {
namespace {

using ::testing::UnorderedElementsAreArray;

struct Shape {
  std::uint32_t servers;
  std::uint16_t stripe_count;
  bool one_sided;
};

class FileSystemLayoutTest : public ::testing::TestWithParam<Shape> {
 protected:
  FileSystemLayoutTest() : cluster_(options()) {}

  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam().servers;
    options.one_sided = GetParam().one_sided;
    options.memory_bytes = 32 * kMiB;
    return options;
  }
  /// A client whose new files have the shape's stripe count.
  Session& add_client(std::uint64_t window_bytes = 32 * kMiB) {
    SessionOptions options;
    options.window_bytes = window_bytes;
    options.layout.stripe_count = GetParam().stripe_count;
    return cluster_.add_client(options);
  }
  std::unique_ptr<File> create(Session& client, const std::string& path = "/f") {
    auto file = cluster_.run(client, File::open(client, path, O_CREAT | O_RDWR, 0644));
    EXPECT_TRUE(file);
    return std::move(*file);
  }
  void write(Session& client, File& file, const std::vector<std::byte>& bytes) {
    EXPECT_TRUE(cluster_.run(client, file.pwrite(bytes, 0)));
  }
  std::vector<std::byte> read(Session& client, File& file, std::size_t size) {
    std::vector<std::byte> bytes(size);
    EXPECT_TRUE(cluster_.run(client, file.pread(bytes, 0)));
    return bytes;
  }
  /// The servers that the layout gives chunks to.
  static std::vector<std::uint32_t> holders(const Layout& layout) {
    std::vector<std::uint32_t> result;
    const std::uint32_t servers = GetParam().servers;
    for (std::uint32_t i = 0; i < width(layout, servers); ++i) {
      result.push_back((layout.first_server + i) % servers);
    }
    return result;
  }
  static bool contains(const std::vector<std::uint32_t>& servers, std::uint32_t server) {
    return std::find(servers.begin(), servers.end(), server) != servers.end();
  }
  void set_latency(Nanoseconds latency) {
    for (std::uint32_t i = 0; i < GetParam().servers; ++i) cluster_.store(i).set_latency(latency);
  }

  SimCluster cluster_;
};

TEST_P(FileSystemLayoutTest, EveryServerOfTheStripeHoldsItsShareAndNoOtherHoldsAnything) {
  Session& client = add_client();
  auto file = create(client);
  write(client, *file, pattern(8 * kMiB, 1));
  const auto servers = holders(file->layout());
  for (std::uint32_t server = 0; server < GetParam().servers; ++server) {
    std::vector<std::uint64_t> expected;
    for (std::uint64_t chunk = 0; chunk < 8; ++chunk) {
      if (servers[chunk % servers.size()] == server) expected.push_back(chunk);
    }
    std::vector<std::uint64_t> held;
    for (const ChunkExtent& chunk : cluster_.store(server).chunks_of(file->id())) {
      EXPECT_EQ(chunk.end_bytes, kMiB);
      held.push_back(chunk.index);
    }
    EXPECT_THAT(held, UnorderedElementsAreArray(expected)) << "server " << server;
    EXPECT_EQ(cluster_.store(server).usage().used_bytes, expected.size() * kMiB);
  }
}

TEST_P(FileSystemLayoutTest, ThePiecesOfOneCallAreUnderWayAtOnceButNeverMoreThanTheWindow) {
  constexpr std::uint64_t kWindow = 4 * kMiB;
  Session& client = add_client(kWindow);
  auto file = create(client);
  const auto bytes = pattern(20 * kMiB, 2);
  set_latency(std::chrono::milliseconds(1));
  write(client, *file, bytes);
  EXPECT_EQ(cluster_.activity().most_bytes, kWindow);
  cluster_.activity().most_bytes = 0;
  EXPECT_EQ(read(client, *file, bytes.size()), bytes);
  EXPECT_EQ(cluster_.activity().most_bytes, kWindow);
}

TEST_P(FileSystemLayoutTest, SeveralCallsShareOneWindow) {
  constexpr std::uint64_t kWindow = 4 * kMiB;
  Session& client = add_client(kWindow);
  const auto bytes = pattern(6 * kMiB, 3);
  std::vector<std::unique_ptr<File>> files;
  for (int i = 0; i < 3; ++i) files.push_back(create(client, "/f" + std::to_string(i)));
  set_latency(std::chrono::milliseconds(1));
  {
    ReadyQueue::Scope scope(client.loop().ready());
    std::vector<Task<Result<std::size_t>>> writes;
    for (auto& file : files) {
      writes.push_back(file->pwrite(bytes, 0));
      writes.back().start(nullptr);
    }
    for (auto& writing : writes) {
      while (!writing.done()) cluster_.turn();
      EXPECT_TRUE(writing.take());
    }
  }
  EXPECT_EQ(cluster_.activity().most_bytes, kWindow);
  for (auto& file : files) EXPECT_EQ(read(client, *file, bytes.size()), bytes);
}

TEST_P(FileSystemLayoutTest, AWindowSmallerThanAPieceLetsOnePieceGoAtATime) {
  Session& client = add_client(64 * kKiB);
  auto file = create(client);
  const auto bytes = pattern(3 * kMiB, 4);
  set_latency(std::chrono::milliseconds(1));
  write(client, *file, bytes);
  EXPECT_EQ(read(client, *file, bytes.size()), bytes);
  EXPECT_EQ(cluster_.activity().most_bytes, kMiB);
}

TEST_P(FileSystemLayoutTest, FsyncAsksTheDrivesOfJustTheServersThatCanHoldChunks) {
  Session& client = add_client();
  auto file = create(client);
  write(client, *file, pattern(8 * kMiB, 5));
  EXPECT_TRUE(cluster_.run(client, file->fsync()));
  for (std::uint32_t server = 0; server < GetParam().servers; ++server) {
    EXPECT_EQ(cluster_.store(server).syncs(), contains(holders(file->layout()), server) ? 1U : 0U);
  }
}

TEST_P(FileSystemLayoutTest, AnFsyncThatFailsOnAnyServerGivesItsErrorAndALaterOneGoesWell) {
  Session& client = add_client();
  auto file = create(client);
  for (const std::uint32_t server : holders(file->layout())) {
    write(client, *file, pattern(8 * kMiB, server));
    cluster_.store(server).fail_syncs(Errc::io_error);
    EXPECT_EQ(to_errc(cluster_.run(client, file->fsync())), Errc::io_error) << "server " << server;
    cluster_.store(server).fail_syncs(Errc::ok);
    EXPECT_TRUE(cluster_.run(client, file->fsync()));
  }
}

TEST_P(FileSystemLayoutTest, WhatIsLocalIsOnAServerOfTheWritersNode) {
  std::array<char, 256> here{};
  ASSERT_EQ(::gethostname(here.data(), here.size() - 1), 0);
  SessionInfo info = cluster_.info();
  const std::uint32_t local = GetParam().servers - 1;
  info.servers[local].node = here.data();
  Session& client = cluster_.add_client_with(info);
  Layout layout;
  layout.first_server = kLocalServer;
  ASSERT_TRUE(cluster_.run(client, client.set_layout("/", layout)));
  for (int i = 0; i < 8; ++i) {
    auto file = create(client, "/f" + std::to_string(i));
    EXPECT_EQ(file->layout().first_server, local);
    EXPECT_EQ(file->layout().stripe_count, 1U);
    EXPECT_TRUE(cluster_.run(client, file->close()));
  }
  // A client on a node without a server has the default.
  Session& stranger = cluster_.add_client();
  auto file = create(stranger, "/g");
  EXPECT_EQ(file->layout().stripe_count, 0U);
  EXPECT_TRUE(cluster_.run(stranger, file->close()));
}

INSTANTIATE_TEST_SUITE_P(Shapes, FileSystemLayoutTest,
                         ::testing::Values(Shape{1, 0, true}, Shape{2, 0, true}, Shape{3, 0, false},
                                           Shape{8, 0, true}, Shape{8, 3, true},
                                           Shape{8, 2, false}),
                         [](const auto& param_info) {
                           const Shape& shape = param_info.param;
                           return std::to_string(shape.servers) + "Servers" + "Stripe" +
                                  std::to_string(shape.stripe_count) +
                                  (shape.one_sided ? "Rma" : "Rendezvous");
                         });

}  // namespace
}  // namespace mayfly
