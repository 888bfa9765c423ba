#include "staging/shared_file.h"

#include <fcntl.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <utility>

#include "staging/times.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr std::size_t kBlocksPerPiece = kStagePieceBytes / kDigestBlockBytes;

std::string word_of(const StageParty& party, unsigned rank) {
  return join_path(party.meeting, "parts-" + std::to_string(rank));
}

}  // namespace

SharedFile::SharedFile(const StageParty& party, std::string path, std::string from, std::string to,
                       const struct stat& seen)
    : path_(std::move(path)),
      from_(std::move(from)),
      to_(std::move(to)),
      seen_(seen),
      meeting_(party.meeting),
      ranks_(party.ranks),
      first_(party.rank_of(path_)) {}

bool SharedFile::is_worth_it(const StageParty& party, const struct stat& seen) {
  return !party.is_alone() && pieces_of(static_cast<std::uint64_t>(seen.st_size)) > 2 &&
         !SourceFile::has_holes(seen);
}

std::string SharedFile::temporary() const {
  return temporary_of(to_, XXH3_64bits(meeting_.data(), meeting_.size()));
}

std::optional<FilePart> SharedFile::part_of(unsigned rank) const {
  const std::uint64_t pieces = pieces_of(static_cast<std::uint64_t>(seen_.st_size));
  const auto parts = static_cast<unsigned>(std::min<std::uint64_t>(ranks_, pieces));
  const unsigned place = (rank + ranks_ - first_) % ranks_;
  if (place >= parts) return std::nullopt;
  return FilePart{place, parts, temporary()};
}

Result<std::vector<Digest>> SharedFile::blocks_of(const ManifestEntry& whole,
                                                  const std::vector<Parts>& parts) const {
  std::vector<Digest> blocks(digest_blocks(whole.size));
  for (unsigned rank = 0; rank < ranks_; ++rank) {
    const auto part = part_of(rank);
    if (!part) continue;
    const auto found = parts[rank].find(path_);
    if (found == parts[rank].end()) return Errc::no_data;
    const ManifestEntry& entry = found->second;
    if (entry.size != whole.size || !is_same_time(entry.modified, whole.modified)) {
      return Errc::again;
    }
    auto next = entry.blocks.begin();
    for (std::size_t piece = part->index; piece * kBlocksPerPiece < blocks.size();
         piece += part->count) {
      const std::size_t begin = piece * kBlocksPerPiece;
      const std::size_t count = std::min(kBlocksPerPiece, blocks.size() - begin);
      if (static_cast<std::size_t>(entry.blocks.end() - next) < count) return Errc::bad_message;
      std::copy_n(next, count, &blocks[begin]);
      next += static_cast<std::ptrdiff_t>(count);
    }
  }
  return blocks;
}

Result<ManifestEntry> SharedFile::join(const FileCalls& from_calls, const FileCalls& to_calls,
                                       const std::vector<Parts>& parts) const {
  const std::string partial = temporary();
  const auto complete = [&]() -> Result<ManifestEntry> {
    MAYFLY_TRY(source, SourceFile::open(from_calls, from_, seen_));
    ManifestEntry entry = source.entry(path_);
    MAYFLY_TRY(blocks, blocks_of(entry, parts));
    entry.blocks = std::move(blocks);
    entry.digest = Digest::of_blocks(entry.blocks);
    MAYFLY_TRY(file, OpenFile::open(to_calls, partial, O_WRONLY | O_NOFOLLOW));
    if (to_calls.ftruncate(file.descriptor(), source.status().st_size) != 0) {
      return errc_from(errno);
    }
    MAYFLY_CHECKED(
        put_in_place({from_calls, from_, to_calls, to_}, source.status(), partial, file));
    return entry;
  };
  auto entry = complete();
  if (!entry) to_calls.unlink(partial.c_str());
  return entry;
}

Status write_parts(const StageParty& party, const std::vector<ManifestEntry>& parts) {
  std::string text;
  for (const ManifestEntry& part : parts) text += encode(part) + "\n";
  MAYFLY_CHECKED(make_directories(session_calls(), party.meeting));
  return write_file(session_calls(), word_of(party, party.rank), text);
}

Result<SharedFile::Parts> read_parts(const StageParty& party, unsigned rank) {
  MAYFLY_TRY(text, read_whole(session_calls(), word_of(party, rank)));
  SharedFile::Parts parts;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    MAYFLY_TRY(entry, decode_manifest_entry(line));
    // A single block stands there as the digest of the whole.
    if (entry.blocks.empty()) entry.blocks.push_back(entry.digest);
    std::string path = entry.path;
    parts.insert_or_assign(std::move(path), std::move(entry));
  }
  return parts;
}

}  // namespace mayfly
