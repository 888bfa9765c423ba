// What operations on names cost in requests, for any number of servers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <numeric>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

class RequestCountTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  RequestCountTest() : cluster_(options()), client_(cluster_.add_client()) {
    // All channels are open, and the deepest path is warm.
    EXPECT_TRUE(cluster_.run(client_, client_.usage()));
    for (const char* path : {"/a", "/a/b", "/a/b/c", "/a/b/c/d"}) make_directory(path);
    for (int i = 0; i < 200; ++i) make_file("/a/b/c/d/warm" + std::to_string(i));
  }

  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam();
    return options;
  }
  /// Without those that open connections.
  static std::uint64_t sum(RequestCounts counts) {
    counts[index_of(Opcode::connect)] = 0;
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  }
  std::uint64_t sent_by_servers() {
    std::uint64_t sent = 0;
    for (std::uint32_t i = 0; i < GetParam(); ++i) sent += sum(cluster_.server(i).peers().sent());
    return sent;
  }

  /// Requests that clients and servers send for `operation`.
  struct Cost {
    std::uint64_t by_client;
    std::uint64_t by_servers;
    friend bool operator==(const Cost&, const Cost&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Cost& cost) {
      return out << cost.by_client << " by the client, " << cost.by_servers << " by servers";
    }
  };
  template <class Operation>
  Cost cost_of(Operation operation) {
    cluster_.settle();
    const Cost before{sum(client_.sent()), sent_by_servers()};
    operation();
    cluster_.settle();
    return {sum(client_.sent()) - before.by_client, sent_by_servers() - before.by_servers};
  }

  void make_directory(const std::string& path) {
    EXPECT_TRUE(cluster_.run(client_, client_.make_directory(path, 0755))) << path;
  }
  std::unique_ptr<File> open(const std::string& path, int flags) {
    auto file = cluster_.run(client_, File::open(client_, path, flags, 0644));
    EXPECT_TRUE(file) << path;
    return std::move(*file);
  }
  void make_file(const std::string& path) {
    EXPECT_TRUE(cluster_.run(client_, open(path, O_CREAT | O_WRONLY)->close()));
  }
  void put_file(const std::string& path) {
    const std::vector<std::byte> bytes(3901);
    WholeFile file;
    file.bytes = bytes;
    EXPECT_TRUE(cluster_.run(client_, client_.put_file(PathAt(path), file))) << path;
  }
  void stat(const std::string& path) {
    EXPECT_TRUE(cluster_.run(client_, client_.stat(path))) << path;
  }
  void rename(const std::string& from, const std::string& to) {
    EXPECT_TRUE(cluster_.run(client_, client_.rename(from, to, 0))) << from;
  }

  SimCluster cluster_;
  Session& client_;
};

TEST_P(RequestCountTest, OnAWarmPathEachOperationOnANameIsOneRoundTripToOneServer) {
  std::unique_ptr<File> file;
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/a/b/c/d/n" + std::to_string(i);
    EXPECT_EQ(cost_of([&] { file = open(path, O_CREAT | O_EXCL | O_WRONLY); }), (Cost{1, 0}));
    EXPECT_EQ(cost_of([&] { EXPECT_TRUE(cluster_.run(client_, file->close())); }), (Cost{1, 0}));
    EXPECT_EQ(cost_of([&] { stat(path); }), (Cost{1, 0}));
    EXPECT_EQ(cost_of([&] { file = open(path, O_RDONLY); }), (Cost{1, 0}));
    EXPECT_TRUE(cluster_.run(client_, file->close()));
    EXPECT_EQ(cost_of([&] { EXPECT_TRUE(cluster_.run(client_, client_.remove_file(path))); }),
              (Cost{1, 0}));
    EXPECT_EQ(cost_of([&] { put_file(path); }), (Cost{1, 0}));
    EXPECT_TRUE(cluster_.run(client_, client_.remove_file(path)));
    EXPECT_EQ(cost_of([&] { make_directory(path); }), (Cost{1, 0}));
  }
}

TEST_P(RequestCountTest, RemovingAFileAsksNoServerThatCannotHaveAChunkOfIt) {
  const std::string path = "/a/b/c/d/data";
  for (const std::uint64_t chunks : {1, 2, 5}) {
    const auto file = open(path, O_CREAT | O_EXCL | O_WRONLY);
    const std::vector<std::byte> byte(1);
    const std::uint64_t last = (chunks - 1) * file->layout().chunk_bytes;
    EXPECT_TRUE(cluster_.run(client_, file->pwrite(byte, last)));
    EXPECT_TRUE(cluster_.run(client_, file->close()));
    const Cost cost =
        cost_of([&] { EXPECT_TRUE(cluster_.run(client_, client_.remove_file(path))); });
    const std::uint64_t holders = std::min<std::uint64_t>(chunks, GetParam());
    EXPECT_EQ(cost.by_client, 1U);
    EXPECT_LE(cost.by_servers, holders);
    EXPECT_EQ(cluster_.used_bytes(), 0U);
  }
}

TEST_P(RequestCountTest, ADirectorysHomeHearsOfItsChangesOnceUntilSomebodyLooks) {
  const std::string d = "/a/b/c/d";
  stat(d);
  std::uint64_t announced = 0;
  for (int i = 0; i < 200; ++i) {
    announced += cost_of([&] { make_file(d + "/x" + std::to_string(i)); }).by_servers;
  }
  // Once from each server but the home itself.
  EXPECT_EQ(announced, GetParam() - 1);
  EXPECT_EQ(cost_of([&] { stat(d); }), (Cost{1, GetParam() - 1}));
  EXPECT_EQ(cost_of([&] { stat(d); }), (Cost{1, 0}));
}

TEST_P(RequestCountTest, RenamingAFileCostsTheSameForAnyNumberOfServers) {
  for (int i = 0; i < 20; ++i) {
    const std::string from = "/a/b/c/d/warm" + std::to_string(i);
    const Cost cost = cost_of([&] { rename(from, from + ".renamed"); });
    EXPECT_EQ(cost.by_client, 1U);
    // The new name held, put and released; the inode's home told; the directory's home told by both
    // servers, if they have not done so before.
    EXPECT_LE(cost.by_servers, 6U);
  }
}

TEST_P(RequestCountTest, RenamingADirectoryTellsEachServerOnce) {
  make_directory("/a/b/c/d/dir");
  rename("/a/b/c/d/dir", "/a/b/c/d/again");
  const Cost cost = cost_of([&] { rename("/a/b/c/d/again", "/a/b/c/d/dir"); });
  EXPECT_LE(cost.by_servers, GetParam() + 8);
}

TEST_P(RequestCountTest, AFileUnderANewNameCostsOneMoreRoundTripIfItsHomeIsElsewhere) {
  for (int i = 20; i < 40; ++i) {
    const std::string path = "/a/b/c/d/warm" + std::to_string(i);
    rename(path, path + ".renamed");
    const Cost cost = cost_of([&] { stat(path + ".renamed"); });
    EXPECT_LE(cost.by_client, 2U);
    EXPECT_EQ(cost.by_servers, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, RequestCountTest, ::testing::Values(1, 4, 16));

}  // namespace
}  // namespace mayfly
