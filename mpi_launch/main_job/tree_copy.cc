#include "mpi_launch/main_job/tree_copy.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "mayfly/mayfly.h"
#include "mpi_launch/main_job/local_file.h"
#include "mpi_launch/main_job/stream.h"

namespace mayfly {
namespace {

constexpr std::uint32_t kPermissions = 07777;

std::size_t depth_of(const std::string& path) {
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

std::size_t largest(const std::vector<TreePiece>& pieces) {
  std::uint64_t bytes = 0;
  for (const TreePiece& piece : pieces) bytes = std::max(bytes, piece.bytes);
  return bytes;
}

/// The temporary directory of the first client of this rank's node, made by it.
Result<std::string, Failure> share_directory(const Crew& crew,
                                             std::optional<TemporaryDirectory>& mine) {
  const std::string node = node_name();
  const std::vector<std::string> nodes = crew.allgather(node);
  const auto first = std::find(nodes.begin(), nodes.end(), node) - nodes.begin();
  Outcome made;
  if (static_cast<std::size_t>(first) == crew.rank()) {
    auto directory = TemporaryDirectory::make();
    if (directory) {
      mine.emplace(std::move(*directory));
    } else {
      made = directory.error();
    }
  }
  if (auto agreed = crew.agree(made); !agreed) return agreed.error();
  return crew.allgather(mine ? mine->path() : "")[static_cast<std::size_t>(first)];
}

}  // namespace

Result<TreeCopy, Failure> TreeCopy::prepare(const Crew& crew, const std::vector<std::string>& roots,
                                            std::uint64_t transfer_bytes, Report& report) {
  Outcome listed;
  std::string listing;
  if (crew.is_first()) {
    auto found = list_trees(roots);
    if (found) {
      listing = encode(*found);
    } else {
      listed = found.error();
    }
  }
  if (auto agreed = crew.agree(listed); !agreed) return agreed.error();
  return TreeCopy(crew, decode_listing(crew.from_first(listing)), transfer_bytes, report);
}

TreeCopy::TreeCopy(const Crew& crew, TreeListing listing, std::uint64_t transfer_bytes,
                   Report& report)
    : crew_(&crew),
      listing_(std::move(listing)),
      transfer_bytes_(transfer_bytes),
      report_(&report),
      shares_(share_tree(listing_, crew.size())) {
  std::size_t directories = 0;
  for (const TreeEntry& entry : listing_.entries) directories += entry.is_directory ? 1 : 0;
  report_->notes.push_back(
      fmt::format("tree: {} files in {} directories; {} symbolic links left out, {} "
                  "special files left out",
                  listing_.entries.size() - directories, directories, listing_.links_skipped,
                  listing_.others_skipped));
  report_->notes.push_back(
      "tree: its times include reading and creating the same files in the node's own file system");
}

Outcome TreeCopy::copy_in() {
  MAYFLY_TRY(make_seconds, crew_->timed([this] { return make_directories(); }));
  std::vector<std::byte> buffer(largest(pieces_in()));
  const auto copy = [&]() -> Outcome {
    for (const TreePiece& piece : pieces_in()) {
      if (auto written = write_piece(piece, buffer); !written) return written;
    }
    return {};
  };
  MAYFLY_TRY(copy_seconds, crew_->timed(copy));
  // Modes last, as below; those of directories when no rank has any more to do in them.
  if (auto set = crew_->agree(set_target_modes(false)); !set) return set;
  if (auto set = crew_->agree(set_target_modes(true)); !set) return set;
  report_->add("directory tree: copy in", true, listing_.total_bytes, make_seconds + copy_seconds);
  return {};
}

/// Level by level, each by all ranks. A rank that has failed still meets the others at each level.
Outcome TreeCopy::make_directories() const {
  std::size_t deepest = 1;
  for (const TreeEntry& entry : listing_.entries) {
    if (entry.is_directory) deepest = std::max(deepest, depth_of(entry.source));
  }
  Outcome outcome;
  if (crew_->is_first() && mayfly_mkdir("/tree", 0755) != 0) {
    outcome = io_failure(*crew_, errno, "cannot make /tree");
  }
  for (std::size_t depth = 1; depth <= deepest; ++depth) {
    if (auto agreed = crew_->agree(outcome); !agreed) return agreed;
    for (std::size_t i = 0; i < listing_.entries.size() && outcome; ++i) {
      const TreeEntry& entry = listing_.entries[i];
      if (!entry.is_directory || i % crew_->size() != crew_->rank()) continue;
      if (depth_of(entry.source) != depth) continue;
      if (mayfly_mkdir(entry.target().c_str(), S_IRWXU) != 0) {
        outcome = io_failure(*crew_, errno, "cannot make " + entry.target());
      }
    }
  }
  return outcome;
}

Outcome TreeCopy::set_target_modes(bool of_directories) const {
  for (std::size_t i = 0; i < listing_.entries.size(); ++i) {
    const TreeEntry& entry = listing_.entries[i];
    if (entry.is_directory != of_directories || i % crew_->size() != crew_->rank()) continue;
    if (mayfly_chmod(entry.target().c_str(), entry.mode) != 0) {
      return io_failure(*crew_, errno, "cannot set the mode of " + entry.target());
    }
  }
  return {};
}

Outcome TreeCopy::write_piece(const TreePiece& piece, std::vector<std::byte>& buffer) const {
  const TreeEntry& entry = listing_.entries[piece.entry];
  const std::span<std::byte> bytes = std::span(buffer).first(piece.bytes);
  const LocalFile source(entry.source, O_RDONLY);
  if (!source.is_open()) return io_failure(*crew_, errno, "cannot open " + entry.source);
  if (const int error = source.read(bytes, piece.offset); error != 0) {
    return io_failure(*crew_, error, "cannot read " + entry.source);
  }
  const std::string path = entry.target();
  Stream target(path, O_WRONLY | O_CREAT, S_IRUSR | S_IWUSR);
  if (!target.is_open()) return io_failure(*crew_, errno, "cannot create " + path);
  const Range range{piece.offset, bytes};
  if (const int error = target.write({&range, 1}, transfer_bytes_); error != 0) {
    return io_failure(*crew_, error, "cannot write " + path);
  }
  if (const int error = target.close(); error != 0) {
    return io_failure(*crew_, error, "cannot close " + path);
  }
  return {};
}

Outcome TreeCopy::copy_out() {
  std::optional<TemporaryDirectory> mine;
  MAYFLY_TRY(local, share_directory(*crew_, mine));
  if (auto made = crew_->agree(mine ? make_local_directories(local) : Outcome()); !made) {
    return made;
  }
  std::vector<std::byte> buffer(largest(pieces_out()));
  const auto copy = [&]() -> Outcome {
    for (const TreePiece& piece : pieces_out()) {
      if (auto read = read_piece(local, piece, buffer); !read) return read;
    }
    return {};
  };
  MAYFLY_TRY(seconds, crew_->timed(copy));
  report_->add("directory tree: copy out", false, listing_.total_bytes, seconds);
  // Modes last: they may forbid another rank to write its piece.
  if (auto set = crew_->agree(set_modes(local)); !set) return set;
  if (auto compared = crew_->agree(compare(local)); !compared) return compared;
  if (auto compared = crew_->agree(compare_directories()); !compared) return compared;
  report_->mark_verified("directory tree");
  return {};
}

Outcome TreeCopy::make_local_directories(const std::string& local) const {
  for (const TreeEntry& entry : listing_.entries) {
    if (!entry.is_directory) continue;
    std::error_code error;
    std::filesystem::create_directories(local + entry.source, error);
    if (error) return io_failure(*crew_, error.value(), "cannot make " + local + entry.source);
  }
  return {};
}

Outcome TreeCopy::read_piece(const std::string& local, const TreePiece& piece,
                             std::vector<std::byte>& buffer) const {
  const TreeEntry& entry = listing_.entries[piece.entry];
  const std::span<std::byte> bytes = std::span(buffer).first(piece.bytes);
  Stream source(entry.target(), O_RDONLY);
  if (!source.is_open()) return io_failure(*crew_, errno, "cannot open " + entry.target());
  const Range range{piece.offset, bytes};
  if (const int error = source.read({&range, 1}, transfer_bytes_); error != 0) {
    return io_failure(*crew_, error, "cannot read " + entry.target());
  }
  if (const int error = source.close(); error != 0) {
    return io_failure(*crew_, error, "cannot close " + entry.target());
  }
  const LocalFile target(local + entry.source, O_WRONLY | O_CREAT);
  if (!target.is_open()) return io_failure(*crew_, errno, "cannot create " + local + entry.source);
  if (const int error = target.write(bytes, piece.offset); error != 0) {
    return io_failure(*crew_, error, "cannot write " + local + entry.source);
  }
  return {};
}

Outcome TreeCopy::set_modes(const std::string& local) const {
  for (const TreePiece& piece : pieces_out()) {
    if (piece.offset != 0) continue;
    const TreeEntry& entry = listing_.entries[piece.entry];
    struct stat status {};
    if (mayfly_stat(entry.target().c_str(), &status) != 0) {
      return io_failure(*crew_, errno, "cannot stat " + entry.target());
    }
    if (::chmod((local + entry.source).c_str(), status.st_mode & kPermissions) != 0) {
      return io_failure(*crew_, errno, "cannot set the mode of " + local + entry.source);
    }
  }
  return {};
}

}  // namespace mayfly
