// Servers that copy between chunks and files of their node, and what they count: in real processes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "support/process_cluster.h"
#include "support/session_files.h"
#include "unit/storage/scratch_directory.h"

namespace mayfly {
namespace {

std::vector<std::byte> read_local(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void write_local(const std::string& path, Bytes bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

/// `path` outlives it.
NodeFileBody seen(const std::string& path, std::uint32_t flags) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  NodeFileBody body;
  body.inode = status.st_ino;
  body.size = static_cast<std::uint64_t>(status.st_size);
  body.modified_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  body.flags = flags;
  body.path = path;
  return body;
}

std::vector<Digest> digests_of(Bytes bytes) {
  std::vector<Digest> digests;
  for (std::size_t at = 0; at < bytes.size(); at += kDigestBlockBytes) {
    digests.push_back(
        Digest::of(bytes.subspan(at, std::min(kDigestBlockBytes, bytes.size() - at))));
  }
  return digests;
}

class StageDataTest : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  std::string path(const char* name) const { return directory_.path() + "/" + name; }
  /// All of the file at once, and then it is settled.
  static Status stage(Session& session, File& file, const NodeFileBody& body, std::uint64_t bytes,
                      std::vector<Digest>& digests) {
    digests.assign(digest_blocks(bytes), Digest());
    MAYFLY_CHECKED(session.run(file.stage(body, 0, digests, bytes)));
    return session.run(file.settle_staged(body));
  }

  ScratchDirectory directory_;
};

TEST_P(StageDataTest, BytesAndDigestsAreThoseOfTheFile) {
  ProcessCluster cluster((ProcessClusterOptions()));
  for (const std::size_t size : {std::size_t{1}, kPageBytes + 1, kMiB, 3 * kMiB + 4711}) {
    const auto bytes = pattern(size, static_cast<unsigned>(size));
    const std::string in = path("in");
    const std::string copy = path("out");
    write_local(in, bytes);
    write_local(copy, {});
    EXPECT_TRUE(cluster.run_client([&](Session& session) {
      auto file = session.run(File::open(session, PathAt("/f"), O_RDWR | O_CREAT | O_TRUNC, 0600));
      std::vector<Digest> digests;
      if (!file || !stage(session, **file, seen(in, GetParam()), size, digests)) {
        return false;
      }
      if (digests != digests_of(bytes) || !session.run((*file)->close())) return false;
      if (!holds(session, "/f", bytes)) return false;
      file = session.run(File::open(session, PathAt("/f"), O_RDONLY, 0));
      NodeFileBody out = seen(copy, NodeFileBody::kOut | GetParam());
      out.size = size;
      std::vector<Digest> out_digests;
      return file && stage(session, **file, out, size, out_digests) && out_digests == digests &&
             session.run((*file)->close());
    })) << size;
    EXPECT_EQ(read_local(copy), bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, StageDataTest,
                         ::testing::Values(0, NodeFileBody::kDirect, NodeFileBody::kIdle));

TEST_F(StageDataTest, WhatTheServerSeesAsAnotherFileIsNotCopied) {
  ProcessCluster cluster((ProcessClusterOptions()));
  const auto bytes = pattern(2 * kMiB, 7);
  const std::string in = path("in");
  const std::string missing = path("missing");
  const std::string pipe = path("pipe");
  write_local(in, bytes);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    auto file = session.run(File::open(session, PathAt("/f"), O_RDWR | O_CREAT, 0600));
    std::vector<Digest> digests(2);
    const auto refuses = [&](const NodeFileBody& body) {
      const Status staged = session.run((*file)->stage(body, 0, digests, bytes.size()));
      return !staged && staged.error() == Errc::cross_device;
    };
    NodeFileBody other_inode = seen(in, 0);
    ++other_inode.inode;
    NodeFileBody other_time = seen(in, 0);
    ++other_time.modified_ns;
    NodeFileBody other_place = seen(in, 0);
    other_place.path = missing;
    return refuses(other_inode) && refuses(other_time) && refuses(other_place) &&
           refuses(seen(pipe, 0)) && session.run((*file)->stat())->size == 0 &&
           session.run((*file)->close());
  }));
}

TEST_F(StageDataTest, BlocksThatLieOnSeveralServersAreLeftToTheClient) {
  ProcessCluster cluster((ProcessClusterOptions()));
  const auto bytes = pattern(2 * kMiB, 7);
  write_local(path("in"), bytes);
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    Layout fine;
    fine.chunk_bytes = 64 * kKiB;
    auto file = session.run(File::open(session, PathAt("/f"), O_RDWR | O_CREAT, 0600, fine));
    std::vector<Digest> digests(2);
    const std::string in = path("in");
    const Status staged = session.run((*file)->stage(seen(in, 0), 0, digests, bytes.size()));
    return !staged && staged.error() == Errc::cross_device && session.run((*file)->close());
  }));
}

TEST_F(StageDataTest, TheServersCountIt) {
  ProcessCluster cluster((ProcessClusterOptions()));
  const auto bytes = pattern(5 * kMiB + 1, 7);
  write_local(path("in"), bytes);
  EXPECT_TRUE(cluster.run_client([&](Session& session) {
    auto file = session.run(File::open(session, PathAt("/f"), O_RDWR | O_CREAT, 0600));
    std::vector<Digest> digests;
    const std::string in = path("in");
    if (!stage(session, **file, seen(in, 0), bytes.size(), digests)) return false;
    std::uint64_t counted = 0;
    std::uint64_t read = 0;
    for (std::uint32_t server = 0; server < session.servers(); ++server) {
      const auto text = session.run(session.server_statistics(server));
      if (!text) return false;
      const auto json = nlohmann::json::parse(*text);
      counted += json["operations"]["stage_data"]["bytes"].get<std::uint64_t>();
      read += json["device"]["staged_read"]["bytes"].get<std::uint64_t>();
    }
    return counted == bytes.size() && read == bytes.size() && session.run((*file)->close());
  }));
}

}  // namespace
}  // namespace mayfly
