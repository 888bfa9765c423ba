// What a user of the file system sees, through real clients and servers on the in-memory twins.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "support/sim_cluster.h"

namespace mayfly {
namespace {

struct Shape {
  std::uint32_t servers;
  bool one_sided;
};

class FileSystemTest : public ::testing::TestWithParam<Shape> {
 protected:
  FileSystemTest() : cluster_(options()), client_(cluster_.add_client()) {}

  static SimOptions options() {
    SimOptions options;
    options.servers = GetParam().servers;
    options.one_sided = GetParam().one_sided;
    return options;
  }

  std::unique_ptr<File> open(const std::string& path, int flags, Session* session = nullptr) {
    Session& on = session != nullptr ? *session : client_;
    auto file = cluster_.run(on, File::open(on, path, flags, 0644));
    EXPECT_TRUE(file) << path << ": " << (file ? "" : describe(file.error()));
    return file ? std::move(*file) : nullptr;
  }
  Errc open_error(const std::string& path, int flags) {
    auto file = cluster_.run(client_, File::open(client_, path, flags, 0644));
    return file ? Errc::ok : file.error();
  }
  std::size_t write(File& file, const std::vector<std::byte>& bytes, std::uint64_t offset,
                    Session* session = nullptr) {
    auto written =
        cluster_.run(session != nullptr ? *session : client_, file.pwrite(bytes, offset));
    EXPECT_TRUE(written) << (written ? "" : describe(written.error()));
    return written ? *written : 0;
  }
  std::vector<std::byte> read(File& file, std::size_t bytes, std::uint64_t offset,
                              Session* session = nullptr) {
    std::vector<std::byte> buffer(bytes, std::byte{0xee});
    auto got = cluster_.run(session != nullptr ? *session : client_, file.pread(buffer, offset));
    EXPECT_TRUE(got) << (got ? "" : describe(got.error()));
    buffer.resize(got ? *got : 0);
    return buffer;
  }
  void close(File& file, Session* session = nullptr) {
    EXPECT_TRUE(cluster_.run(session != nullptr ? *session : client_, file.close()));
  }
  std::uint64_t size_of(const std::string& path, Session* session = nullptr) {
    Session& on = session != nullptr ? *session : client_;
    auto attributes = cluster_.run(on, on.stat(path));
    EXPECT_TRUE(attributes);
    return attributes ? attributes->size : ~std::uint64_t{0};
  }
  Errc make_directory(const std::string& path) {
    return to_errc(cluster_.run(client_, client_.make_directory(path, 0755)));
  }
  Errc remove_directory(const std::string& path) {
    return to_errc(cluster_.run(client_, client_.remove_directory(path)));
  }
  Errc remove(const std::string& path) {
    return to_errc(cluster_.run(client_, client_.remove_file(path)));
  }
  std::multiset<std::string> list(const std::string& path) {
    std::multiset<std::string> names;
    auto directory = cluster_.run(client_, Directory::open(client_, path));
    EXPECT_TRUE(directory);
    while (directory) {
      auto item = cluster_.run(client_, (*directory)->next());
      EXPECT_TRUE(item);
      if (!item || !item->has_value()) break;
      const std::string name = (*item)->name;
      if (name != "." && name != "..") names.insert(name);
    }
    return names;
  }
  static std::vector<std::byte> pattern(std::size_t bytes, unsigned seed) {
    std::vector<std::byte> result(bytes);
    std::mt19937 random(seed);
    for (std::byte& byte : result) byte = static_cast<std::byte>(random());
    return result;
  }

  SimCluster cluster_;
  Session& client_;
};

TEST_P(FileSystemTest, WhatWasWrittenIsReadByAnotherClientAtOnceAndItsSizeIsRight) {
  const auto bytes = pattern(5 * kMiB + 123, 1);
  auto file = open("/f", O_CREAT | O_RDWR);
  EXPECT_EQ(write(*file, bytes, 0), bytes.size());
  Session& other = cluster_.add_client();
  EXPECT_EQ(size_of("/f", &other), bytes.size());
  auto same = open("/f", O_RDONLY, &other);
  EXPECT_EQ(read(*same, bytes.size() + 100, 0, &other), bytes);
  close(*same, &other);
  close(*file);
  EXPECT_EQ(size_of("/f"), bytes.size());
}

TEST_P(FileSystemTest, UnalignedWritesAndReadsOfAllSizesKeepEveryByte) {
  auto file = open("/f", O_CREAT | O_RDWR);
  std::vector<std::byte> model(3 * kMiB);
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const std::size_t offset = random() % (model.size() - 1);
    const std::size_t largest = std::min<std::size_t>(model.size() - offset, kMiB + 5000);
    const std::size_t length =
        1 + random() % (round % 2 == 0 ? std::min<std::size_t>(largest, 9000) : largest);
    const auto bytes = pattern(length, static_cast<unsigned>(round));
    write(*file, bytes, offset);
    std::copy(bytes.begin(), bytes.end(), model.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  const std::uint64_t size = size_of("/f");
  model.resize(size);
  EXPECT_EQ(read(*file, 3 * kMiB, 0), model);
  close(*file);
}

TEST_P(FileSystemTest, HolesReadAsZerosAndReadsPastTheEndGiveNothing) {
  auto file = open("/f", O_CREAT | O_RDWR);
  const auto bytes = pattern(10, 3);
  write(*file, bytes, 7 * kMiB + 5);
  EXPECT_EQ(size_of("/f"), 7 * kMiB + 15);
  EXPECT_EQ(read(*file, 3 * kMiB, kMiB), std::vector<std::byte>(3 * kMiB));
  EXPECT_EQ(read(*file, 100, 7 * kMiB + 5), bytes);
  EXPECT_TRUE(read(*file, 100, 7 * kMiB + 15).empty());
  EXPECT_TRUE(read(*file, 100, std::uint64_t{1} << 60).empty());
  close(*file);
}

TEST_P(FileSystemTest, CutBytesNeverComeBack) {
  auto file = open("/f", O_CREAT | O_RDWR);
  write(*file, pattern(4 * kMiB, 4), 0);
  EXPECT_TRUE(cluster_.run(client_, file->truncate(kMiB + 100)));
  EXPECT_EQ(size_of("/f"), kMiB + 100);
  EXPECT_TRUE(cluster_.run(client_, file->truncate(4 * kMiB)));
  auto expected = pattern(4 * kMiB, 4);
  std::fill(expected.begin() + kMiB + 100, expected.end(), std::byte{0});
  EXPECT_EQ(read(*file, 4 * kMiB, 0), expected);
  close(*file);
  EXPECT_EQ(size_of("/f"), 4 * kMiB);
}

TEST_P(FileSystemTest, ACloseAfterAnothersTruncateDoesNotBringTheOldSizeBack) {
  auto writer = open("/f", O_CREAT | O_RDWR);
  write(*writer, pattern(2 * kMiB, 5), 0);
  Session& other = cluster_.add_client();
  auto cutter = open("/f", O_WRONLY | O_TRUNC, &other);
  close(*cutter, &other);
  close(*writer);
  EXPECT_EQ(size_of("/f"), 0U);
}

TEST_P(FileSystemTest, OfManyExclusiveCreatesExactlyOneWins) {
  int winners = 0;
  for (int i = 0; i < 8; ++i) {
    const Errc error = open_error("/lock", O_CREAT | O_EXCL | O_WRONLY);
    winners += error == Errc::ok ? 1 : 0;
    EXPECT_TRUE(error == Errc::ok || error == Errc::exists);
  }
  EXPECT_EQ(winners, 1);
}

TEST_P(FileSystemTest, ErrorsAreThoseOfPosix) {
  EXPECT_EQ(open_error("/none", O_RDONLY), Errc::no_entry);
  EXPECT_EQ(open_error("/none/below", O_CREAT | O_WRONLY), Errc::no_entry);
  EXPECT_EQ(make_directory("/d"), Errc::ok);
  EXPECT_EQ(make_directory("/d"), Errc::exists);
  EXPECT_EQ(open_error("/d", O_WRONLY), Errc::is_a_directory);
  EXPECT_EQ(open_error("/d", O_RDONLY | O_DIRECTORY), Errc::ok);
  close(*open("/f", O_CREAT | O_WRONLY));
  EXPECT_EQ(open_error("/f/below", O_RDONLY), Errc::not_a_directory);
  EXPECT_EQ(open_error("/f", O_RDONLY | O_DIRECTORY), Errc::not_a_directory);
  EXPECT_EQ(make_directory("/f"), Errc::exists);
  EXPECT_EQ(remove("/d"), Errc::is_a_directory);
  EXPECT_EQ(remove_directory("/f"), Errc::not_a_directory);
  EXPECT_EQ(remove("/none"), Errc::no_entry);
  EXPECT_EQ(remove_directory("/"), Errc::busy);
  EXPECT_EQ(remove_directory("/none"), Errc::no_entry);
  EXPECT_EQ(open_error("/" + std::string(256, 'x'), O_CREAT | O_WRONLY), Errc::name_too_long);
}

TEST_P(FileSystemTest, NamesMayHoldAnyByteButSlashAndNul) {
  std::multiset<std::string> names;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/' || byte == '.') continue;
    const std::string name(1, static_cast<char>(byte));
    close(*open("/" + name, O_CREAT | O_WRONLY));
    names.insert(name);
  }
  names.insert(std::string(255, 'n'));
  close(*open("/" + std::string(255, 'n'), O_CREAT | O_WRONLY));
  EXPECT_EQ(list("/"), names);
}

TEST_P(FileSystemTest, AListingOfManyPagesGivesEveryEntryOnce) {
  EXPECT_EQ(make_directory("/d"), Errc::ok);
  std::multiset<std::string> names;
  for (int i = 0; i < 700; ++i) {
    const std::string name = "file-" + std::to_string(i);
    close(*open("/d/" + name, O_CREAT | O_WRONLY));
    names.insert(name);
  }
  EXPECT_EQ(list("/d"), names);
}

TEST_P(FileSystemTest, ADirectoryWithEntriesOnAnyServerIsNotRemoved) {
  EXPECT_EQ(make_directory("/d"), Errc::ok);
  for (int i = 0; i < 8; ++i) close(*open("/d/" + std::to_string(i), O_CREAT | O_WRONLY));
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(remove_directory("/d"), Errc::not_empty);
    EXPECT_EQ(remove("/d/" + std::to_string(i)), Errc::ok);
  }
  EXPECT_EQ(remove_directory("/d"), Errc::ok);
  EXPECT_EQ(open_error("/d/x", O_CREAT | O_WRONLY), Errc::no_entry);
}

TEST_P(FileSystemTest, AStalePathInAnotherClientsCacheIsResolvedAnew) {
  Session& other = cluster_.add_client();
  EXPECT_EQ(make_directory("/d"), Errc::ok);
  close(*open("/d/f", O_CREAT | O_WRONLY, &other), &other);
  EXPECT_EQ(remove("/d/f"), Errc::ok);
  EXPECT_EQ(remove_directory("/d"), Errc::ok);
  EXPECT_EQ(make_directory("/d"), Errc::ok);
  close(*open("/d/g", O_CREAT | O_WRONLY, &other), &other);
  EXPECT_EQ(list("/d"), std::multiset<std::string>{"g"});
}

TEST_P(FileSystemTest, AnUnlinkedFileLivesUntilItsLastCloseAndThenItsSpaceIsFree) {
  auto file = open("/f", O_CREAT | O_RDWR);
  const auto bytes = pattern(3 * kMiB, 9);
  write(*file, bytes, 0);
  EXPECT_EQ(remove("/f"), Errc::ok);
  EXPECT_EQ(open_error("/f", O_RDONLY), Errc::no_entry);
  EXPECT_EQ(read(*file, bytes.size(), 0), bytes);
  EXPECT_GT(cluster_.used_bytes(), 0U);
  close(*file);
  cluster_.settle();
  EXPECT_EQ(cluster_.used_bytes(), 0U);
}

TEST_P(FileSystemTest, AFullFileSystemFailsThatWriteAloneAndKeepsWhatWasAcknowledged) {
  auto kept = open("/kept", O_CREAT | O_RDWR);
  const auto bytes = pattern(kMiB, 10);
  write(*kept, bytes, 0);
  auto big = open("/big", O_CREAT | O_RDWR);
  const auto more = pattern(8 * kMiB, 11);
  Errc error = Errc::ok;
  for (std::uint64_t at = 0; error == Errc::ok && at < 1024 * kMiB; at += more.size()) {
    auto written = cluster_.run(client_, big->pwrite(more, at));
    error = written ? Errc::ok : written.error();
  }
  EXPECT_EQ(error, Errc::no_space);
  EXPECT_EQ(read(*kept, kMiB, 0), bytes);
  close(*big);
  EXPECT_EQ(remove("/big"), Errc::ok);
  cluster_.settle();
  write(*kept, more, kMiB);
  EXPECT_EQ(read(*kept, more.size(), kMiB), more);
  close(*kept);
}

TEST_P(FileSystemTest, AnIdleClientHoldsNoSlotAndAllBuffersAreFree) {
  auto file = open("/f", O_CREAT | O_RDWR);
  write(*file, pattern(9 * kMiB, 12), 0);
  read(*file, 9 * kMiB, 0);
  cluster_.settle();
  for (std::uint32_t server = 0; server < GetParam().servers; ++server) {
    EXPECT_EQ(cluster_.pool(server).free(BufferClass::large),
              cluster_.pool(server).total(BufferClass::large));
  }
  close(*file);
}

TEST_P(FileSystemTest, AKilledClientsSlotsAndOpensAreFreedAndOthersGoOn) {
  Session& victim = cluster_.add_client();
  auto orphan = open("/orphan", O_CREAT | O_RDWR, &victim);
  write(*orphan, pattern(2 * kMiB, 13), 0, &victim);
  EXPECT_EQ(remove("/orphan"), Errc::ok);
  auto half = open("/half", O_CREAT | O_RDWR, &victim);
  const auto bytes = pattern(8 * kMiB, 14);
  {
    // In mid-write: started, a few turns, then the process is no more.
    ReadyQueue::Scope scope(victim.loop().ready());
    auto writing = half->pwrite(bytes, 0);
    writing.start(nullptr);
    for (int i = 0; i < 2; ++i) cluster_.turn();
    EXPECT_FALSE(writing.done());
    cluster_.kill_client(victim);
    cluster_.settle();
  }
  auto file = open("/f", O_CREAT | O_RDWR);
  write(*file, bytes, 0);
  EXPECT_EQ(read(*file, bytes.size(), 0), bytes);
  close(*file);
  EXPECT_EQ(remove("/f"), Errc::ok);
  EXPECT_EQ(remove("/half"), Errc::ok);
  cluster_.settle();
  EXPECT_EQ(cluster_.used_bytes(), 0U);
  for (std::uint32_t server = 0; server < GetParam().servers; ++server) {
    EXPECT_EQ(cluster_.pool(server).free(BufferClass::large),
              cluster_.pool(server).total(BufferClass::large));
  }
}

TEST_P(FileSystemTest, ClientsThatDieWhileTheyWaitForBuffersOfEachOtherLeaveAllBuffersFree) {
  auto file = open("/f", O_CREAT | O_RDWR);
  write(*file, pattern(16 * kMiB, 16), 0);
  std::vector<std::byte> buffer(16 * kMiB);
  std::vector<Session*> victims{&cluster_.add_client(), &cluster_.add_client()};
  std::vector<std::unique_ptr<File>> files;
  std::vector<Task<Result<std::size_t>>> reads;
  for (Session* victim : victims) {
    files.push_back(open("/f", O_RDONLY, victim));
    ReadyQueue::Scope scope(victim->loop().ready());
    reads.push_back(files.back()->pread(buffer, 0));
    reads.back().start(nullptr);
  }
  for (int i = 0; i < 3; ++i) cluster_.turn();
  for (Session* victim : victims) cluster_.kill_client(*victim);
  cluster_.settle();
  for (std::uint32_t server = 0; server < GetParam().servers; ++server) {
    EXPECT_EQ(cluster_.pool(server).free(BufferClass::large),
              cluster_.pool(server).total(BufferClass::large));
  }
  close(*file);
}

TEST_P(FileSystemTest, AClientThatLeavesIsNoLongerConnected) {
  Session& guest = cluster_.add_client();
  auto file = open("/f", O_CREAT | O_RDWR, &guest);
  write(*file, pattern(kMiB, 17), 0, &guest);
  EXPECT_EQ(remove("/f"), Errc::ok);
  cluster_.leave(guest);
  cluster_.settle();
  EXPECT_EQ(cluster_.used_bytes(), 0U) << "its handle was to go with it";
}

TEST_P(FileSystemTest, AWriteDuringAnotherThreadsFsyncIsInTheSizeAfterClose) {
  auto file = open("/f", O_CREAT | O_RDWR);
  const auto bytes = pattern(kMiB, 18);
  write(*file, bytes, 0);
  ReadyQueue::Scope scope(client_.loop().ready());
  for (int turns = 0; turns < 12; ++turns) {
    auto syncing = file->fsync();
    syncing.start(nullptr);
    for (int i = 0; i < turns; ++i) cluster_.turn();
    const std::uint64_t offset = (1 + static_cast<std::uint64_t>(turns)) * kMiB;
    EXPECT_TRUE(cluster_.run(client_, file->pwrite(bytes, offset)));
    while (!syncing.done()) cluster_.turn();
  }
  close(*file);
  EXPECT_EQ(size_of("/f"), 13 * kMiB);
}

TEST_P(FileSystemTest, ADeadServerGivesEioAndNobodyHangs) {
  auto file = open("/f", O_CREAT | O_RDWR);
  write(*file, pattern(4 * kMiB, 15), 0);
  cluster_.kill_server(GetParam().servers - 1);
  std::vector<std::byte> buffer(4 * kMiB);
  auto got = cluster_.run(client_, file->pread(buffer, 0));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error(), Errc::io_error);
  auto written = cluster_.run(client_, file->pwrite(buffer, 0));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), Errc::io_error);
}

TEST_P(FileSystemTest, AClientWithAWrongSecretIsRefused) {
  SessionInfo forged = cluster_.info();
  forged.secret[0] ^= 1;
  Session& stranger = cluster_.add_client_with(forged);
  auto attributes = cluster_.run(stranger, stranger.stat("/"));
  ASSERT_FALSE(attributes);
  EXPECT_EQ(attributes.error(), Errc::access_denied);
}

INSTANTIATE_TEST_SUITE_P(Shapes, FileSystemTest,
                         ::testing::Values(Shape{1, true}, Shape{2, true}, Shape{3, false},
                                           Shape{8, true}),
                         [](const auto& param_info) {
                           return std::to_string(param_info.param.servers) +
                                  (param_info.param.one_sided ? "ServersRma" : "ServersRendezvous");
                         });

}  // namespace
}  // namespace mayfly
