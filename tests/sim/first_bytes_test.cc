// The bytes of a small file come with the answer to its open, and are never older than a write that
// has returned.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

class FirstBytesTest : public ::testing::Test {
 protected:
  FirstBytesTest() {
    make("/file", 3901, 1);
    make("/warm", 1, 1);
    EXPECT_EQ(content_of(*open(reader_, "/warm", O_RDONLY)), std::string(1, 1));
  }
  std::unique_ptr<File> open(Session& client, const std::string& path, int flags) {
    auto opened = cluster_.run(client, File::open(client, path, flags, 0644));
    EXPECT_TRUE(opened);
    return std::move(*opened);
  }
  void write(Session& client, File& file, std::size_t bytes, char value) {
    const std::vector<std::byte> content(bytes, std::byte(value));
    const auto written = cluster_.run(client, file.pwrite(content, 0));
    EXPECT_TRUE(written && *written == bytes);
  }
  void close(Session& client, File& file) { EXPECT_TRUE(cluster_.run(client, file.close())); }
  void make(const std::string& path, std::size_t bytes, char value) {
    const auto file = open(writer_, path, O_CREAT | O_WRONLY | O_TRUNC);
    write(writer_, *file, bytes, value);
    close(writer_, *file);
    cluster_.settle();
  }
  std::string content_of(File& file) {
    std::string content(10'000, 'x');
    const MutableBytes into = std::as_writable_bytes(std::span(content));
    const auto bytes = cluster_.run(reader_, file.pread(into, 0));
    EXPECT_TRUE(bytes);
    content.resize(*bytes);
    return content;
  }
  /// The requests of `opcode` that `step` costs the reader.
  template <class Step>
  std::uint64_t cost_of(Opcode opcode, Step step) {
    const auto of = [&] { return reader_.sent()[index_of(opcode)]; };
    const std::uint64_t before = of();
    step();
    return of() - before;
  }
  Nanoseconds since(TimePoint begin) { return cluster_.clock().now() - begin; }

  SimCluster cluster_{SimOptions{}};
  Session& writer_ = cluster_.add_client();
  Session& reader_ = cluster_.add_client();
};

TEST_F(FirstBytesTest, ReadingASmallFileToItsEndCostsNoRequestBesideTheOpen) {
  const auto file = open(reader_, "/file", O_RDONLY);
  for (const Opcode opcode : {Opcode::read, Opcode::get_attributes}) {
    EXPECT_EQ(cost_of(opcode, [&] { EXPECT_EQ(content_of(*file), std::string(3901, 1)); }), 0U);
  }
  std::array<std::byte, 100> part{};
  auto bytes = cluster_.run(reader_, file->pread(part, 3850));
  EXPECT_TRUE(bytes && *bytes == 51);
  EXPECT_EQ(part[50], std::byte{1});
  bytes = cluster_.run(reader_, file->pread(part, 3901));
  EXPECT_TRUE(bytes && *bytes == 0);
  close(reader_, *file);
}

TEST_F(FirstBytesTest, TheyAreBelievedForAWhileOnly) {
  const auto file = open(reader_, "/file", O_RDONLY);
  cluster_.clock().advance(kFirstBytesLease);
  EXPECT_EQ(cost_of(Opcode::read, [&] { content_of(*file); }), 1U);
}

TEST_F(FirstBytesTest, AWriterWaitsUntilNobodyBelievesThemAnyMore) {
  const auto file = open(reader_, "/file", O_RDONLY);
  const TimePoint begin = cluster_.clock().now();
  const auto other = open(writer_, "/file", O_WRONLY);
  EXPECT_GE(since(begin), 2 * kFirstBytesLease);
  EXPECT_LE(since(begin), 3 * kFirstBytesLease);
  write(writer_, *other, 3901, 2);
  EXPECT_EQ(content_of(*file), std::string(3901, 2));
}

TEST_F(FirstBytesTest, SoDoesWhoCutsTheFile) {
  auto file = open(reader_, "/file", O_RDONLY);
  EXPECT_TRUE(cluster_.run(writer_, writer_.truncate("/file", 10)));
  EXPECT_EQ(content_of(*file), std::string(10, 1));
  file = open(reader_, "/file", O_RDONLY);
  const auto other = open(writer_, "/file", O_WRONLY | O_TRUNC);
  EXPECT_EQ(content_of(*file), "");
  close(writer_, *other);
}

TEST_F(FirstBytesTest, NobodyWaitsForReadersThatHaveClosedTheFile) {
  close(reader_, *open(reader_, "/file", O_RDONLY));
  cluster_.settle();
  const TimePoint begin = cluster_.clock().now();
  const auto other = open(writer_, "/file", O_WRONLY);
  EXPECT_LT(since(begin), kFirstBytesLease);
}

TEST_F(FirstBytesTest, AWriterIsNotKeptWaitingByThoseWhoOpenTheFileLater) {
  const auto first = open(reader_, "/file", O_RDONLY);
  ReadyQueue::Scope scope(writer_.loop().ready());
  auto opening = File::open(writer_, "/file", O_WRONLY, 0);
  opening.start(nullptr);
  const TimePoint begin = cluster_.clock().now();
  std::vector<std::unique_ptr<File>> later;
  while (!opening.done()) {
    later.push_back(open(reader_, "/file", O_RDONLY));
    EXPECT_EQ(cost_of(Opcode::read, [&] { content_of(*later.back()); }), 1U);
    cluster_.clock().advance(kFirstBytesLease / 4);
  }
  EXPECT_LE(since(begin), 3 * kFirstBytesLease);
  EXPECT_TRUE(opening.take());
}

TEST_F(FirstBytesTest, LongerFilesAndThoseThatAreBeingWrittenAreReadAsEver) {
  make("/long", kFirstBytes + 1, 3);
  make("/full", kFirstBytes, 4);
  const auto full = open(reader_, "/full", O_RDONLY);
  EXPECT_EQ(cost_of(Opcode::read, [&] { content_of(*full); }), 0U);
  const auto longer = open(reader_, "/long", O_RDONLY);
  EXPECT_EQ(cost_of(Opcode::read, [&] { content_of(*longer); }), 1U);
  const auto being_written = open(writer_, "/file", O_WRONLY);
  const auto file = open(reader_, "/file", O_RDONLY);
  EXPECT_EQ(cost_of(Opcode::read, [&] { content_of(*file); }), 1U);
}

TEST_F(FirstBytesTest, ReadingThemShowsInTheAccessTime) {
  const auto before = cluster_.run(writer_, writer_.stat("/file"));
  const auto file = open(reader_, "/file", O_RDONLY);
  content_of(*file);
  cluster_.settle();
  const auto after = cluster_.run(writer_, writer_.stat("/file"));
  EXPECT_GT(after->atime_ns, before->atime_ns);
}

TEST_F(FirstBytesTest, RandomReadersAndWritersAgree) {
  std::mt19937 random(7);
  std::array<std::string, 2> model{std::string(100, 1), std::string(100, 1)};
  const auto path = [](std::size_t file) { return "/random" + std::to_string(file); };
  for (std::size_t i = 0; i < model.size(); ++i) make(path(i), 100, 1);
  std::vector<std::pair<std::unique_ptr<File>, std::size_t>> readers;
  for (int step = 0; step < 2000; ++step) {
    const std::size_t at = random() % model.size();
    switch (random() % 5) {
      case 0:
        if (readers.size() < 8) readers.emplace_back(open(reader_, path(at), O_RDONLY), at);
        break;
      case 1: {
        const std::size_t bytes = 1 + random() % 5000;
        const auto value = static_cast<char>(random() % 100);
        const auto file = open(writer_, path(at), O_RDWR);
        write(writer_, *file, bytes, value);
        model[at].replace(0, bytes, bytes, value);
        close(writer_, *file);
        break;
      }
      case 2: {
        const std::size_t size = random() % 5000;
        ASSERT_TRUE(cluster_.run(writer_, writer_.truncate(path(at), size)));
        model[at].resize(size, 0);
        break;
      }
      case 3:
        cluster_.clock().advance(std::chrono::microseconds(random() % 3000));
        break;
      default:
        if (readers.empty()) break;
        std::swap(readers[random() % readers.size()], readers.back());
        ASSERT_EQ(content_of(*readers.back().first), model[readers.back().second]);
        if (random() % 3 != 0) break;
        close(reader_, *readers.back().first);
        readers.pop_back();
    }
  }
}

}  // namespace
}  // namespace mayfly
