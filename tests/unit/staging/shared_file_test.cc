// SharedFile: the parts of a file that several ranks have copied.
#include "staging/shared_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/storage/scratch_directory.h"

namespace mayfly {
namespace {

/// Three pieces, the last of one block and an odd end.
constexpr off_t kBytes = static_cast<off_t>(2 * kStagePieceBytes) + 4711;

class SharedFileTest : public ::testing::Test {
 protected:
  SharedFileTest() {
    const int fd = ::open(from_.c_str(), O_CREAT | O_WRONLY, 0640);
    for (const off_t at : {off_t{5}, off_t{40} << 20, kBytes - 3}) {
      EXPECT_EQ(::pwrite(fd, "abc", 3, at), 3);
    }
    EXPECT_EQ(::ftruncate(fd, kBytes), 0);
    EXPECT_EQ(::close(fd), 0);
    EXPECT_EQ(::stat(from_.c_str(), &seen_), 0);
  }
  static StageParty party(unsigned ranks) { return {0, ranks, "/meeting"}; }
  SharedFile file(unsigned ranks) const { return {party(ranks), "name", from_, to_, seen_}; }
  /// What a rank copies, and says that it has.
  SharedFile::Parts copy(const SharedFile& file, unsigned rank) {
    SharedFile::Parts parts;
    const auto part = file.part_of(rank);
    if (!part) return parts;
    auto copying = FileCopy::open({local_calls(), from_, local_calls(), to_}, seen_, "name", *part);
    EXPECT_TRUE(copying);
    std::vector<std::byte> buffer(kStageBufferBytes);
    for (std::uint64_t piece = 0; piece < (*copying)->pieces(); ++piece) {
      EXPECT_TRUE((*copying)->move_piece(piece, buffer));
    }
    auto entry = (*copying)->finish_part();
    EXPECT_TRUE(entry);
    parts.emplace("name", *entry);
    return parts;
  }
  Result<ManifestEntry> join(const SharedFile& file, const std::vector<SharedFile::Parts>& parts) {
    auto entry = file.join(local_calls(), local_calls(), parts);
    // No temporary file stays.
    EXPECT_EQ(local_calls().list(directory_.path())->size(), entry ? 2U : 1U);
    return entry;
  }

  ScratchDirectory directory_;
  std::string from_ = directory_.path() + "/from";
  std::string to_ = directory_.path() + "/to";
  struct stat seen_ {};
};

std::string bytes_of(const std::string& path) {
  std::string bytes(kBytes + 1, '?');
  const int fd = ::open(path.c_str(), O_RDONLY);
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  ::close(fd);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return bytes;
}

TEST_F(SharedFileTest, TheirPartsAreTheFileForAnyNumberOfRanks) {
  std::optional<Digest> digest;
  for (const unsigned ranks : {2U, 3U, 7U}) {
    const SharedFile shared = file(ranks);
    std::vector<SharedFile::Parts> parts;
    unsigned counting = 0;
    for (unsigned rank = 0; rank < ranks; ++rank) {
      counting += shared.is_counted_by(rank) ? 1 : 0;
      parts.push_back(copy(shared, rank));
    }
    EXPECT_EQ(counting, 1U);
    const auto entry = join(shared, parts);
    ASSERT_TRUE(entry) << describe(entry.error());
    EXPECT_EQ(entry->blocks.size(), digest_blocks(kBytes));
    EXPECT_EQ(entry->digest, digest.value_or(entry->digest));
    digest = entry->digest;
    EXPECT_EQ(bytes_of(to_), bytes_of(from_));
    struct stat there {};
    ASSERT_EQ(::stat(to_.c_str(), &there), 0);
    EXPECT_EQ(there.st_mode, seen_.st_mode);
    EXPECT_EQ(there.st_mtim.tv_nsec, seen_.st_mtim.tv_nsec);
    ASSERT_EQ(::unlink(to_.c_str()), 0);
  }
}

TEST_F(SharedFileTest, WithoutAPartOrWithOneOfAnotherStateThereIsNoFile) {
  const SharedFile shared = file(2);
  std::vector<SharedFile::Parts> parts{copy(shared, 0), {}};
  EXPECT_EQ(join(shared, parts).error(), Errc::no_data);
  parts = {copy(shared, 0), copy(shared, 1)};
  parts[1].at("name").size += 1;
  EXPECT_EQ(join(shared, parts).error(), Errc::again);
  parts = {copy(shared, 0), copy(shared, 1)};
  parts[0].at("name").blocks.pop_back();
  EXPECT_EQ(join(shared, parts).error(), Errc::bad_message);
  parts = {copy(shared, 0), copy(shared, 1)};
  const timespec times[2] = {{1, 1}, {1, 1}};
  ASSERT_EQ(::utimensat(AT_FDCWD, from_.c_str(), times, 0), 0);
  EXPECT_EQ(join(shared, parts).error(), Errc::again);
}

TEST_F(SharedFileTest, SmallFilesAndThoseWithHolesAreNotShared) {
  struct stat status = seen_;
  EXPECT_FALSE(SharedFile::is_worth_it(party(2), status));
  status.st_blocks = (kBytes + 511) / 512;
  EXPECT_TRUE(SharedFile::is_worth_it(party(2), status));
  EXPECT_FALSE(SharedFile::is_worth_it(party(1), status));
  status.st_size = 2 * kStagePieceBytes;
  EXPECT_FALSE(SharedFile::is_worth_it(party(2), status));
}

}  // namespace
}  // namespace mayfly
