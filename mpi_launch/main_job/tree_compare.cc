// The half of TreeCopy that compares what came out with what went in.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "mayfly/mayfly.h"
#include "mpi_launch/main_job/local_file.h"
#include "mpi_launch/main_job/tree_copy.h"

namespace mayfly {
namespace {

constexpr std::uint32_t kPermissions = 07777;
constexpr std::size_t kCompareBytes = 1 << 20;

Outcome compare_bytes(const Crew& crew, const std::string& left, const std::string& right,
                      const TreePiece& piece) {
  const LocalFile left_file(left, O_RDONLY);
  const LocalFile right_file(right, O_RDONLY);
  if (!left_file.is_open()) return io_failure(crew, errno, "cannot open " + left);
  if (!right_file.is_open()) return io_failure(crew, errno, "cannot open " + right);
  std::vector<std::byte> left_bytes(std::min<std::uint64_t>(kCompareBytes, piece.bytes));
  std::vector<std::byte> right_bytes(left_bytes.size());
  for (std::uint64_t done = 0; done < piece.bytes; done += left_bytes.size()) {
    const std::size_t count = std::min<std::uint64_t>(left_bytes.size(), piece.bytes - done);
    const int left_error = left_file.read(std::span(left_bytes).first(count), piece.offset + done);
    if (left_error != 0) return io_failure(crew, left_error, "cannot read " + left);
    const int right_error =
        right_file.read(std::span(right_bytes).first(count), piece.offset + done);
    if (right_error != 0) return io_failure(crew, right_error, "cannot read " + right);
    if (std::memcmp(left_bytes.data(), right_bytes.data(), count) != 0) {
      return io_failure(crew, EBADMSG, "found other bytes in the copy than in " + left);
    }
  }
  return {};
}

}  // namespace

Outcome TreeCopy::compare(const std::string& local) const {
  for (const TreePiece& piece : pieces_out()) {
    if (auto compared = compare_piece(local, piece); !compared) return compared;
  }
  return {};
}

Outcome TreeCopy::compare_piece(const std::string& local, const TreePiece& piece) const {
  const TreeEntry& entry = listing_.entries[piece.entry];
  const std::string copy = local + entry.source;
  if (auto same = compare_bytes(*crew_, entry.source, copy, piece); !same) return same;
  if (piece.offset != 0) return {};
  struct stat inside {};
  struct stat outside {};
  if (mayfly_stat(entry.target().c_str(), &inside) != 0 || ::stat(copy.c_str(), &outside) != 0) {
    return io_failure(*crew_, errno, "cannot stat the copy of " + entry.source);
  }
  if (static_cast<std::uint64_t>(inside.st_size) != entry.bytes) {
    return io_failure(*crew_, EBADMSG, "found another size in the copy than in " + entry.source);
  }
  if ((outside.st_mode & kPermissions) != entry.mode) {
    return io_failure(*crew_, EBADMSG, "found another mode in the copy than in " + entry.source);
  }
  return {};
}

Outcome TreeCopy::compare_directories() const {
  std::map<std::string, std::set<std::string>> names;
  for (const TreeEntry& entry : listing_.entries) {
    const std::size_t slash = entry.source.rfind('/');
    names[entry.source.substr(0, slash)].insert(entry.source.substr(slash + 1));
  }
  for (std::size_t i = 0; i < listing_.entries.size(); ++i) {
    const TreeEntry& entry = listing_.entries[i];
    if (!entry.is_directory || i % crew_->size() != crew_->rank()) continue;
    if (auto same = compare_directory(entry, names[entry.source]); !same) return same;
  }
  return {};
}

Outcome TreeCopy::compare_directory(const TreeEntry& directory,
                                    const std::set<std::string>& expected) const {
  const std::string path = directory.target();
  struct stat status {};
  if (mayfly_stat(path.c_str(), &status) != 0) {
    return io_failure(*crew_, errno, "cannot stat " + path);
  }
  if ((status.st_mode & kPermissions) != directory.mode) {
    return io_failure(*crew_, EBADMSG, "found another mode in " + path + " than in its original");
  }
  mayfly_dir* listing = mayfly_opendir(path.c_str());
  if (listing == nullptr) return io_failure(*crew_, errno, "cannot list " + path);
  std::multiset<std::string> found;
  errno = 0;
  while (const dirent* entry = mayfly_readdir(listing)) found.insert(entry->d_name);
  const int error = errno;
  mayfly_closedir(listing);
  if (error != 0) return io_failure(*crew_, error, "cannot list " + path);
  found.erase(".");
  found.erase("..");
  if (std::equal(found.begin(), found.end(), expected.begin(), expected.end())) return {};
  return io_failure(*crew_, EBADMSG, "found other names in " + path + " than in its original");
}

}  // namespace mayfly
