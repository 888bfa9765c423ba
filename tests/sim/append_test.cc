// O_APPEND by several clients at once, while messages are late and overtake each other.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

using ::testing::Each;
using ::testing::Pair;

/// A record tells its length, its writer and its number, and has a byte that goes with them.
struct RecordHead {
  std::uint32_t length = 0;
  std::uint32_t client = 0;
  std::uint32_t number = 0;
  friend auto operator<=>(const RecordHead&, const RecordHead&) = default;
};

std::byte filling_of(const RecordHead& head) {
  return static_cast<std::byte>(1 + (head.client * 37 + head.number) % 255);
}

std::vector<std::byte> record(const RecordHead& head) {
  std::vector<std::byte> bytes(head.length, filling_of(head));
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes;
}

struct Topology {
  std::uint32_t servers;
  bool one_sided;
};

class AppendTest : public ::testing::TestWithParam<Topology> {
 protected:
  static constexpr std::uint32_t kClients = 4;

  AppendTest() : cluster_(options()) {
    cluster_.network().set_max_delay(4);
    for (std::uint32_t i = 0; i < kClients; ++i) clients_.push_back(&cluster_.add_client());
  }
  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam().servers;
    options.one_sided = GetParam().one_sided;
    options.seed = 77 + GetParam().servers;
    return options;
  }

  std::unique_ptr<File> open(std::uint32_t client, int flags) {
    auto file = cluster_.run(*clients_[client],
                             File::open(*clients_[client], "/log", flags | O_CREAT, 0644));
    EXPECT_TRUE(file);
    return std::move(*file);
  }
  void close(std::uint32_t client, File& file) {
    EXPECT_TRUE(cluster_.run(*clients_[client], file.close()));
  }

  /// Appends `count` records of up to `longest` bytes one after the other.
  static Task<Status> append_many(File& file, std::uint32_t client, std::uint32_t count,
                                  std::uint32_t longest) {
    std::mt19937_64 random(client);
    for (std::uint32_t number = 0; number < count; ++number) {
      // Odd, so that the first byte of a record is none of a hole.
      const auto length = static_cast<std::uint32_t>(
          (sizeof(RecordHead) + random() % (longest - sizeof(RecordHead))) | 1);
      const std::vector<std::byte> bytes = record({length, client, number});
      auto written = co_await file.write(bytes);
      if (!written) co_return written.error();
    }
    co_return Status();
  }
  Task<Status>& start(std::uint32_t client, Task<Status> task) {
    ReadyQueue::Scope scope(clients_[client]->loop().ready());
    tasks_.push_back(std::make_unique<Task<Status>>(std::move(task)));
    tasks_.back()->start(nullptr);
    return *tasks_.back();
  }
  void finish_all() {
    for (auto& task : tasks_) {
      while (!task->done()) cluster_.turn();
      EXPECT_TRUE(task->take());
    }
    tasks_.clear();
  }

  std::vector<std::byte> content() {
    auto file = open(0, O_RDONLY);
    std::vector<std::byte> bytes(64 * kMiB);
    auto got = cluster_.run(*clients_[0], file->pread(bytes, 0));
    EXPECT_TRUE(got);
    bytes.resize(got ? *got : 0);
    close(0, *file);
    return bytes;
  }
  /// The records in the file and how often each is there; a broken one fails the test.
  std::map<RecordHead, int> records() {
    const std::vector<std::byte> bytes = content();
    std::map<RecordHead, int> found;
    for (std::size_t at = 0; at < bytes.size();) {
      RecordHead head;
      if (bytes.size() - at < sizeof head) {
        ADD_FAILURE() << "half a record at " << at;
        break;
      }
      std::memcpy(&head, &bytes[at], sizeof head);
      if (head.length < sizeof head || head.length > bytes.size() - at) {
        ADD_FAILURE() << "no record at " << at << " of " << bytes.size();
        break;
      }
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      EXPECT_TRUE(std::all_of(begin + sizeof head, begin + head.length,
                              [&](std::byte byte) { return byte == filling_of(head); }))
          << "a broken record at " << at;
      ++found[head];
      at += head.length;
    }
    return found;
  }

  SimCluster cluster_;
  std::vector<Session*> clients_;
  std::vector<std::unique_ptr<Task<Status>>> tasks_;
};

INSTANTIATE_TEST_SUITE_P(Topologies, AppendTest,
                         ::testing::Values(Topology{1, true}, Topology{3, true},
                                           Topology{3, false}));

TEST_P(AppendTest, NoRecordOfManyClientsIsLostOrMixed) {
  std::vector<std::unique_ptr<File>> files;
  for (std::uint32_t i = 0; i < kClients; ++i) files.push_back(open(i, O_WRONLY | O_APPEND));
  for (std::uint32_t i = 0; i < kClients; ++i) start(i, append_many(*files[i], i, 40, 3000));
  for (std::uint32_t i = 0; i < kClients; ++i) {
    start(i, append_many(*files[i], 100 + i, 3, 2 * kMiB));
  }
  finish_all();
  const auto found = records();
  EXPECT_EQ(found.size(), kClients * 43U);
  EXPECT_THAT(found, Each(Pair(::testing::_, 1)));
  for (std::uint32_t i = 0; i < kClients; ++i) close(i, *files[i]);
}

TEST_P(AppendTest, ARecordNeverStandsBehindTheHoleThatACutLeft) {
  std::vector<std::unique_ptr<File>> files;
  for (std::uint32_t i = 0; i < kClients; ++i) files.push_back(open(i, O_WRONLY | O_APPEND));
  for (int turns_before_the_cut = 0; turns_before_the_cut < 40; ++turns_before_the_cut) {
    SCOPED_TRACE(turns_before_the_cut);
    for (std::uint32_t i = 0; i + 1 < kClients; ++i) start(i, append_many(*files[i], i, 4, 12000));
    for (int i = 0; i < turns_before_the_cut; ++i) cluster_.turn();
    start(kClients - 1, files[kClients - 1]->truncate(0));
    finish_all();
    // Each record that is left is whole and behind another one.
    EXPECT_THAT(records(), Each(Pair(::testing::_, 1)));
    start(0, files[0]->truncate(0));
    finish_all();
  }
  for (int turns_before_the_cut = 0; turns_before_the_cut < 80; turns_before_the_cut += 8) {
    SCOPED_TRACE(turns_before_the_cut);
    // Records over several chunks, of several servers.
    for (std::uint32_t i = 0; i < 2; ++i) start(i, append_many(*files[i], i, 3, 3 * kMiB));
    for (int i = 0; i < turns_before_the_cut; ++i) cluster_.turn();
    start(2, files[2]->truncate(0));
    finish_all();
    EXPECT_THAT(records(), Each(Pair(::testing::_, 1)));
    start(0, files[0]->truncate(0));
    finish_all();
  }
  for (std::uint32_t i = 0; i < kClients; ++i) close(i, *files[i]);
}

TEST_P(AppendTest, ARecordGoesBehindWhatAnOpenHandleWroteFurtherOut) {
  auto writer = open(0, O_RDWR);
  auto appender = open(1, O_RDWR | O_APPEND);
  for (const std::uint64_t end : {std::uint64_t{10}, 3 * kMiB}) {
    const std::vector<std::byte> last(1, std::byte{9});
    ASSERT_TRUE(cluster_.run(*clients_[0], writer->pwrite(last, end - 1)));
    const std::vector<std::byte> bytes(5, std::byte{7});
    // The offset of a pwrite does not count.
    ASSERT_TRUE(cluster_.run(*clients_[1], appender->pwrite(bytes, 0)));
    std::vector<std::byte> read(10, std::byte{0});
    auto got = cluster_.run(*clients_[1], appender->pread(read, end - 1));
    ASSERT_TRUE(got);
    ASSERT_EQ(*got, 6U);
    EXPECT_EQ(read[0], std::byte{9});
    EXPECT_EQ(read[5], std::byte{7});
  }
  close(0, *writer);
  close(1, *appender);
}

TEST_P(AppendTest, ARecordThatFoundNoSpaceLeavesNoHole) {
  auto log = open(0, O_WRONLY | O_APPEND);
  const std::vector<std::byte> first = record({101, 0, 1});
  ASSERT_TRUE(cluster_.run(*clients_[0], log->write(first)));
  // Fills every server to the last byte.
  auto filler =
      cluster_.run(*clients_[1], File::open(*clients_[1], "/filler", O_WRONLY | O_CREAT, 0644));
  ASSERT_TRUE(filler);
  const std::vector<std::byte> chunk(kMiB, std::byte{1});
  const std::uint64_t bytes = GetParam().servers * options().capacity_bytes;
  for (std::uint64_t at = 0; at < bytes; at += kMiB) {
    if (cluster_.run(*clients_[1], (*filler)->pwrite(chunk, at))) continue;
    for (std::uint64_t page = at; page < at + kMiB; page += kPageBytes) {
      const Bytes part(chunk.data(), kPageBytes);
      if (!cluster_.run(*clients_[1], (*filler)->pwrite(part, page))) break;
    }
  }
  const std::vector<std::byte> second = record({20001, 0, 2});
  for (int i = 0; i < 3; ++i) {
    const auto written = cluster_.run(*clients_[0], log->write(second));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), Errc::no_space);
  }
  ASSERT_TRUE(cluster_.run(*clients_[1], (*filler)->truncate(0)));
  EXPECT_TRUE(cluster_.run(*clients_[1], (*filler)->close()));
  ASSERT_TRUE(cluster_.run(*clients_[0], log->write(second)));
  EXPECT_THAT(records(), ::testing::ElementsAre(Pair(RecordHead{101, 0, 1}, 1),
                                                Pair(RecordHead{20001, 0, 2}, 1)));
  close(0, *log);
}

TEST_P(AppendTest, TheRecordsOfAClientThatDiesAreWholeOrAHoleAndOthersGoOn) {
  std::vector<std::unique_ptr<File>> files;
  for (std::uint32_t i = 0; i < 2; ++i) files.push_back(open(i, O_WRONLY | O_APPEND));
  start(0, append_many(*files[0], 0, 50, 9000));
  Session& dying = cluster_.add_client();
  auto opened = cluster_.run(dying, File::open(dying, "/log", O_WRONLY | O_APPEND, 0));
  ASSERT_TRUE(opened);
  Task<Status> theirs = append_many(**opened, 5, 50, 9000);
  {
    ReadyQueue::Scope scope(dying.loop().ready());
    theirs.start(nullptr);
  }
  for (int i = 0; i < 60; ++i) cluster_.turn();
  EXPECT_FALSE(theirs.done());
  cluster_.kill_client(dying);
  finish_all();
  start(1, append_many(*files[1], 1, 10, 9000));
  finish_all();
  const std::vector<std::byte> bytes = content();
  std::uint32_t whole = 0;
  for (std::size_t at = 0; at + sizeof(RecordHead) <= bytes.size();) {
    if (bytes[at] == std::byte{0}) {
      ++at;  // in the hole that the dead one left
      continue;
    }
    RecordHead head;
    std::memcpy(&head, &bytes[at], sizeof head);
    ASSERT_LE(head.length, bytes.size() - at);
    const std::vector<std::byte> expected = record(head);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                           bytes.begin() + static_cast<std::ptrdiff_t>(at)));
    if (head.client != 5) ++whole;
    at += head.length;
  }
  EXPECT_EQ(whole, 60U);
  for (std::uint32_t i = 0; i < 2; ++i) close(i, *files[i]);
}

}  // namespace
}  // namespace mayfly
