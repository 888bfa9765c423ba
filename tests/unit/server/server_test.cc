// A server towards a client that has the secret and sends nonsense: it answers with an error or
// not at all, and it goes on serving the others as if nothing had been.
#include "server/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <map>

#include "support/ask.h"
#include "support/session_files.h"
#include "support/sim_cluster.h"

namespace mayfly {
namespace {

constexpr std::uint32_t kServers = 2;
constexpr std::uint64_t kHuge = ~std::uint64_t{0};
constexpr std::uint64_t kNonsense[] = {0, 1, std::uint64_t{1} << 32, std::uint64_t{1} << 63, kHuge};

/// Those that are answered at once and take nothing away from others, whatever they ask for.
constexpr Opcode kHarmless[] = {
    Opcode::look_up,        Opcode::open_name,        Opcode::open_id,
    Opcode::close,          Opcode::get_attributes,   Opcode::set_attributes,
    Opcode::report_size,    Opcode::note_read,        Opcode::set_size,
    Opcode::make_directory, Opcode::remove_directory, Opcode::remove_file,
    Opcode::read_directory, Opcode::lease_slot,       Opcode::write,
    Opcode::read,           Opcode::data_end,         Opcode::sync_data,
    Opcode::usage,          Opcode::cut_data,         Opcode::freeze_directory,
    Opcode::thaw_directory, Opcode::entomb_directory};

class ServerTest : public ::testing::TestWithParam<bool> {
 protected:
  ServerTest()
      : cluster_(options()), client_(cluster_.add_client()), rogue_(cluster_.add_client()) {
    for (std::uint32_t server = 0; server < kServers; ++server) {
      EXPECT_TRUE(cluster_.run(rogue_, rogue_.channel(server).open()));
    }
  }

  static SimOptions options() {
    SimOptions options;
    options.servers = kServers;
    options.one_sided = GetParam();
    return options;
  }

  static RequestHeader request(Opcode opcode, FileId file = {}) {
    RequestHeader header;
    header.opcode = opcode;
    header.file = file;
    return header;
  }
  Result<Reply> ask(const RequestHeader& header, Bytes payload = {}, std::uint32_t server = 0) {
    return cluster_.run(rogue_, mayfly::ask(rogue_.channel(server), header, payload));
  }
  /// What the reply says; timed_out if none came. Slots that come with it are given back.
  Errc answer_to(const RequestHeader& header, Bytes payload = {}, std::uint32_t server = 0) {
    const TimePoint asked = cluster_.clock().now();
    const auto reply = ask(header, payload, server);
    if (cluster_.clock().now() - asked > std::chrono::seconds(1)) return Errc::timed_out;
    if (reply && reply->status()) give_back_slots(header, reply->header, server);
    return reply ? to_errc(reply->status()) : reply.error();
  }
  void give_back_slots(const RequestHeader& asked, const ReplyHeader& reply, std::uint32_t server) {
    RequestHeader release = request(Opcode::release_slot);
    if (asked.opcode == Opcode::lease_slot) {
      release.argument = reply.value;
    } else if ((reply.flags & reply_flags::kInSlot) != 0) {
      release.argument = round_down(reply.second, kPageBytes);
    } else {
      return;
    }
    rogue_.channel(server).notify(release);
  }
  std::unique_ptr<File> open(Session& session, const std::string& path, int flags) {
    auto file = cluster_.run(session, File::open(session, path, flags, 0644));
    EXPECT_TRUE(file) << path;
    return file ? std::move(*file) : nullptr;
  }
  std::unique_ptr<File> create(Session& session, const std::string& path) {
    return open(session, path, O_CREAT | O_RDWR);
  }
  void write(Session& session, File& file, const std::vector<std::byte>& bytes) {
    EXPECT_TRUE(cluster_.run(session, file.pwrite(bytes, 0)));
  }
  std::vector<std::byte> read(Session& session, File& file, std::size_t size) {
    std::vector<std::byte> bytes(size);
    auto got = cluster_.run(session, file.pread(bytes, 0));
    EXPECT_TRUE(got);
    bytes.resize(got ? *got : 0);
    return bytes;
  }

  /// Another client finds everything in order, and so does the rogue itself.
  void expect_all_goes_on() {
    const TimePoint begin = cluster_.clock().now();
    for (Session* session : {&client_, &rogue_}) {
      const auto bytes = pattern(5 * kMiB + 1, 7);
      EXPECT_TRUE(cluster_.run(*session, session->make_directory("/d", 0755)));
      auto file = create(*session, "/d/f");
      ASSERT_NE(file, nullptr);
      write(*session, *file, bytes);
      EXPECT_TRUE(cluster_.run(*session, file->fsync()));
      EXPECT_EQ(read(*session, *file, bytes.size() + 1), bytes);
      EXPECT_TRUE(cluster_.run(*session, file->close()));
      const auto attributes = cluster_.run(*session, session->stat("/d/f"));
      EXPECT_TRUE(attributes && attributes->size == bytes.size());
      EXPECT_TRUE(cluster_.run(*session, session->remove_file("/d/f")));
      EXPECT_TRUE(cluster_.run(*session, session->remove_directory("/d")));
    }
    EXPECT_LE(cluster_.clock().now() - begin, std::chrono::seconds(1));
    for (std::uint32_t server = 0; server < kServers; ++server) {
      EXPECT_TRUE(cluster_.server(server).names().check_consistency());
    }
  }
  /// Once the rogue is gone, all memory and space is free.
  void expect_nothing_stays() {
    cluster_.leave(rogue_);
    cluster_.settle();
    EXPECT_EQ(cluster_.used_bytes(), 0U);
    for (std::uint32_t server = 0; server < kServers; ++server) {
      BufferPool& pool = cluster_.pool(server);
      for (const BufferClass of : {BufferClass::large, BufferClass::small, BufferClass::page}) {
        EXPECT_EQ(pool.free(of), pool.total(of));
      }
    }
  }

  SimCluster cluster_;
  Session& client_;
  Session& rogue_;
};

TEST_P(ServerTest, UnknownOpcodesAreDropped) {
  for (int opcode = 0; opcode < 256; ++opcode) {
    if (opcode > 0 && opcode < static_cast<int>(kOpcodes)) continue;
    rogue_.channel(0).notify(request(static_cast<Opcode>(opcode)));
  }
  cluster_.settle();
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, MessagesOfEveryLengthAndOfAnotherVersionAreDropped) {
  LoopbackWorker worker(cluster_.network());
  auto endpoint = worker.connect(cluster_.info().servers[0].address);
  ASSERT_TRUE(endpoint);
  for (const unsigned fill : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
    const std::vector<std::byte> bytes(kMaxHeaderBytes, static_cast<std::byte>(fill));
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      (*endpoint)->post(Bytes(bytes).first(size), Bytes(bytes).first(size));
      (*endpoint)->post_with_reply(Bytes(bytes).first(size), {});
    }
  }
  cluster_.settle();
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, NumbersThatMakeNoSenseAreAnswered) {
  const FileId files[] = {{}, kRootId, {0, 4711}, {1, kHuge}, {kHuge, kHuge}};
  for (const Opcode opcode : kHarmless) {
    for (const FileId file : files) {
      for (const std::uint64_t offset : kNonsense) {
        for (const std::uint64_t length : kNonsense) {
          for (const std::uint64_t argument : kNonsense) {
            RequestHeader header = request(opcode, file);
            header.flags = static_cast<std::uint16_t>(offset ^ length ^ argument);
            header.offset = offset;
            header.length = length;
            header.argument = argument;
            ASSERT_NE(answer_to(header), Errc::timed_out) << name_of(opcode);
          }
        }
      }
    }
  }
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, BytesOfTheVeryLastChunksAreKeptOrRefused) {
  const auto bytes = pattern(100, 1);
  const FileId file{0, 4711};
  for (const std::uint64_t chunk : {kHuge, kHuge - 1, kHuge / kMiB, std::uint64_t{1} << 63}) {
    RequestHeader header = request(Opcode::write, file);
    header.offset = chunk;
    header.length = pack({kMiB - 100, 100});
    const Errc written = answer_to(header, bytes);
    EXPECT_NE(written, Errc::timed_out);
    header.opcode = Opcode::read;
    const auto reply = ask(header);
    ASSERT_TRUE(reply);
    if (written != Errc::ok) continue;
    const Bytes got = reply->body.payload();
    EXPECT_TRUE(std::equal(got.begin(), got.end(), bytes.begin(), bytes.end()));
  }
  RequestHeader end = request(Opcode::data_end, file);
  end.length = kMiB;
  EXPECT_NE(answer_to(end), Errc::timed_out);
  RequestHeader cut = request(Opcode::cut_data, file);
  cut.length = kMiB;
  cut.argument = kDropGeneration;
  EXPECT_EQ(answer_to(cut), Errc::ok);
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, RangesOutsideOfAChunkOrABufferAreRefused) {
  const ChunkRange ranges[] = {{0, 0},
                               {0, kMaxPieceBytes + 1},
                               {1, kMaxPieceBytes},
                               {16 * kMiB + 1, 1},
                               {kPageBytes - 1, kMaxPieceBytes},
                               {0xffffffff, 0xffffffff}};
  for (const ChunkRange& range : ranges) {
    for (const Opcode opcode : {Opcode::read, Opcode::write}) {
      for (const std::uint16_t flags : {std::uint16_t{0}, request_flags::kSlot}) {
        RequestHeader header = request(opcode, {0, 4711});
        header.flags = flags;
        header.length = pack(range);
        EXPECT_EQ(answer_to(header), Errc::bad_message);
      }
    }
  }
  RequestHeader past_the_end = request(Opcode::write, {0, 4711});
  past_the_end.length = pack({16 * kMiB, 100});
  EXPECT_EQ(answer_to(past_the_end, pattern(100, 1)), Errc::file_too_big);
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, APayloadThatIsNotWhatWasAnnouncedIsRefused) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{99}, std::size_t{101},
                                 std::size_t{20'000}, 2 * kMaxPieceBytes}) {
    RequestHeader header = request(Opcode::write, {0, 4711});
    header.length = pack({0, 100});
    EXPECT_EQ(answer_to(header, pattern(size, 1)), Errc::bad_message) << size;
  }
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, APayloadWhereNoneBelongsIsAnsweredAndForgotten) {
  for (const Opcode opcode : kHarmless) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{5000}}) {
      EXPECT_NE(answer_to(request(opcode, {0, 4711}), pattern(size, 1)), Errc::timed_out);
    }
    if (opcode == Opcode::write) continue;
    // Longer ones wait at their sender, who must not wait for ever.
    EXPECT_EQ(answer_to(request(opcode, {0, 4711}), pattern(20'000, 1)), Errc::bad_message);
    EXPECT_EQ(answer_to(request(opcode, {0, 4711}), pattern(4 * kMiB, 1)), Errc::bad_message);
  }
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, ASlotOfAnotherClientCanNeitherBeReleasedNorWritten) {
  const auto lease =
      cluster_.run(client_, mayfly::ask(client_.channel(0), request(Opcode::lease_slot)));
  ASSERT_TRUE(lease && lease->status());
  const std::uint64_t slot = lease->header.value;
  RequestHeader release = request(Opcode::release_slot);
  for (const std::uint64_t offset : {slot, slot + 1, kHuge, std::uint64_t{1} << 63}) {
    release.argument = offset;
    for (int i = 0; i < 5; ++i) rogue_.channel(0).notify(release);
  }
  RequestHeader steal = request(Opcode::write, {0, 4711});
  steal.flags = request_flags::kSlot;
  steal.length = pack({0, 100});
  steal.argument = slot;
  EXPECT_EQ(answer_to(steal), Errc::invalid);
  // It is its owner's as before.
  const auto bytes = pattern(100, 1);
  ASSERT_TRUE(cluster_.run(client_, client_.channel(0).put(bytes, slot)));
  const auto written = cluster_.run(client_, mayfly::ask(client_.channel(0), steal));
  EXPECT_TRUE(written && written->status());
  RequestHeader back = request(Opcode::read, {0, 4711});
  back.length = pack({0, 100});
  const auto reply = ask(back);
  ASSERT_TRUE(reply);
  const Bytes got = reply->body.payload();
  EXPECT_TRUE(std::equal(got.begin(), got.end(), bytes.begin(), bytes.end()));
  RequestHeader drop = request(Opcode::cut_data, {0, 4711});
  drop.length = kMiB;
  drop.argument = kDropGeneration;
  EXPECT_EQ(answer_to(drop), Errc::ok);
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, ASlotThatWasReleasedOrUsedCannotBeWrittenAgain) {
  const auto bytes = pattern(100, 1);
  RequestHeader write = request(Opcode::write, {0, 4711});
  write.flags = request_flags::kSlot;
  write.length = pack({0, 100});
  auto lease = ask(request(Opcode::lease_slot));
  ASSERT_TRUE(lease && lease->status());
  write.argument = lease->header.value;
  EXPECT_EQ(answer_to(write), Errc::ok);
  EXPECT_EQ(answer_to(write), Errc::invalid);
  lease = ask(request(Opcode::lease_slot));
  ASSERT_TRUE(lease && lease->status());
  RequestHeader release = request(Opcode::release_slot);
  release.argument = write.argument = lease->header.value;
  for (int i = 0; i < 3; ++i) rogue_.channel(0).notify(release);
  EXPECT_EQ(answer_to(write), Errc::invalid);
  RequestHeader drop = request(Opcode::cut_data, {0, 4711});
  drop.length = kMiB;
  drop.argument = kDropGeneration;
  EXPECT_EQ(answer_to(drop), Errc::ok);
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, AHandleCanBeClosedOnceAndOnlyByTheClientThatHoldsIt) {
  const auto bytes = pattern(kMiB, 1);
  auto file = create(client_, "/orphan");
  write(client_, *file, bytes);
  auto mine = open(rogue_, "/orphan", O_RDONLY);
  EXPECT_TRUE(cluster_.run(client_, client_.remove_file("/orphan")));
  const std::uint32_t home = file->id().home();
  RequestHeader close = request(Opcode::close, file->id());
  EXPECT_EQ(answer_to(close, {}, home), Errc::ok);
  EXPECT_EQ(answer_to(close, {}, home), Errc::bad_descriptor);
  close.flags = request_flags::kForWrite;
  EXPECT_EQ(answer_to(close, {}, home), Errc::bad_descriptor) << "that handle is another's";
  cluster_.settle();
  EXPECT_EQ(read(client_, *file, bytes.size()), bytes);
  EXPECT_TRUE(cluster_.run(client_, file->close()));
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, FencesRoundADirectoryThatIsInUseOrDoesNotExistChangeNothing) {
  EXPECT_TRUE(cluster_.run(client_, client_.make_directory("/used", 0755)));
  std::map<std::uint32_t, std::unique_ptr<File>> by_server;
  // A name on each server, so that none may take the directory for an empty one.
  for (int i = 0; by_server.size() < kServers; ++i) {
    auto file = create(client_, "/used/f" + std::to_string(i));
    const std::uint32_t server = file->id().home();
    EXPECT_TRUE(cluster_.run(client_, file->close()));
    by_server[server] = std::move(file);
  }
  const FileId used = cluster_.run(client_, client_.stat("/used"))->id;
  for (std::uint32_t server = 0; server < kServers; ++server) {
    EXPECT_EQ(answer_to(request(Opcode::freeze_directory, used), {}, server), Errc::ok);
    EXPECT_EQ(answer_to(request(Opcode::thaw_directory, used), {}, server), Errc::ok);
    EXPECT_EQ(answer_to(request(Opcode::thaw_directory, used), {}, server), Errc::ok);
    EXPECT_EQ(answer_to(request(Opcode::entomb_directory, used), {}, server), Errc::not_empty);
    EXPECT_EQ(answer_to(request(Opcode::freeze_directory, kRootId), {}, server), Errc::busy);
    EXPECT_EQ(answer_to(request(Opcode::entomb_directory, kRootId), {}, server), Errc::busy);
    answer_to(request(Opcode::freeze_directory, {0, 4711}), {}, server);
    EXPECT_NE(answer_to(request(Opcode::freeze_directory, {0, 4711}), {}, server), Errc::ok);
  }
  auto more = create(client_, "/used/more");
  EXPECT_TRUE(cluster_.run(client_, more->close()));
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, ACutWithoutAChunkSizeIsRefusedAndOneOfAnUnknownFileCutsNothing) {
  auto file = create(client_, "/f");
  const auto bytes = pattern(3 * kMiB, 1);
  write(client_, *file, bytes);
  EXPECT_EQ(answer_to(request(Opcode::cut_data, file->id())), Errc::bad_message);
  RequestHeader cut = request(Opcode::cut_data, {file->id().home_and_salt, 4711});
  for (const std::uint64_t length : {std::uint64_t{1}, kMiB, kHuge}) {
    for (const std::uint64_t argument : kNonsense) {
      cut.length = length;
      cut.argument = argument;
      EXPECT_EQ(answer_to(cut), Errc::ok);
    }
  }
  EXPECT_EQ(read(client_, *file, bytes.size()), bytes);
  EXPECT_TRUE(cluster_.run(client_, file->close()));
  EXPECT_TRUE(cluster_.run(client_, client_.remove_file("/f")));
  expect_all_goes_on();
  expect_nothing_stays();
}

TEST_P(ServerTest, ASizeThatNoFileCanHaveIsRefused) {
  auto file = create(rogue_, "/f");
  RequestHeader header = request(Opcode::set_size, file->id());
  header.offset = kHuge;
  EXPECT_EQ(answer_to(header, {}, file->id().home()), Errc::file_too_big);
  header.opcode = Opcode::report_size;
  header.flags = request_flags::kHasSize;
  EXPECT_EQ(answer_to(header, {}, file->id().home()), Errc::bad_message);
}

TEST_P(ServerTest, WhatADeadClientHasFrozenIsThawed) {
  EXPECT_TRUE(cluster_.run(client_, client_.make_directory("/d", 0755)));
  const FileId directory = cluster_.run(client_, client_.stat("/d"))->id;
  for (std::uint32_t server = 0; server < kServers; ++server) {
    EXPECT_EQ(answer_to(request(Opcode::freeze_directory, directory), {}, server), Errc::ok);
  }
  cluster_.kill_client(rogue_);
  cluster_.settle();
  const TimePoint begin = cluster_.clock().now();
  create(client_, "/d/f");
  EXPECT_LE(cluster_.clock().now() - begin, std::chrono::seconds(1));
}

TEST_P(ServerTest, ARequestAfterTheGoodbyeIsRefused) {
  EXPECT_EQ(answer_to(request(Opcode::disconnect)), Errc::ok);
  cluster_.settle();
  EXPECT_NE(answer_to(request(Opcode::usage)), Errc::ok);
  const auto usage = cluster_.run(client_, client_.usage());
  EXPECT_TRUE(usage && usage->used_bytes == 0);
  expect_nothing_stays();
}

INSTANTIATE_TEST_SUITE_P(Paths, ServerTest, ::testing::Bool(), [](const auto& param_info) {
  return param_info.param ? "Rma" : "Rendezvous";
});

}  // namespace
}  // namespace mayfly
