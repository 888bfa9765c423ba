// PathCache: directory paths to ids, so that a warm path costs one trip whatever its depth.
//
// Also the lexical side of paths. Owner: the session. Thread: the loop's. Bound: kMaxEntries; a
// full cache starts anew. Coherence: docs/decisions.md and design: stale answers and a raised epoch
// clear it, and with it what permissions it knew: whatever takes one away raises the epoch.
// Symbolic links are never in it, for nothing says when they change.
//
// A directory is written as the root ("") or another directory's id ("#<id>"), and behind it the
// names that lead down from there ("/a/b"), all of them directories' own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "protocol/attributes.h"

namespace mayfly {

/// A path, and the directory that it is relative to. Without one it must be absolute.
struct PathAt {
  PathAt(std::string path) : text(std::move(path)) {}
  PathAt(const char* path) : text(path) {}
  PathAt(FileId directory, std::string path) : base(directory), text(std::move(path)) {}
  std::optional<FileId> base;
  std::string text;
};

/// A path taken apart: the directory that holds the last component, and that component.
struct SplitPath {
  enum class Last : std::uint8_t { name, root, dot, dot_dot };
  std::string parent;  ///< without empty names and ".", but ".." and symbolic links are in it
  std::string name;    ///< empty unless `last` is a name: `parent` is the directory itself
  bool must_be_directory = false;  ///< the path ended with a slash, "." or ".."
  Last last = Last::root;
};

/// Cuts an absolute path at its last slash. A parent that a PathCache has is then the right one;
/// what it has not, and where this is false, is for split().
bool cut(std::string_view path, std::string_view& parent, std::string_view& name);

/// name_too_long, or no_entry for an empty path, invalid for a relative one without a base.
Result<SplitPath> split(const PathAt& path);

/// How a directory is written that is known by its id alone.
std::string written(FileId directory);

/// What is kept of a directory: what it says of those who look into it, and change it.
struct KnownDirectory {
  FileId id;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool is_reachable = false;  ///< the process's user may search it, and all above it
  Layout layout = kUnsetLayout;
};

class PathCache {
 public:
  static constexpr std::size_t kMaxEntries = 64 * 1024;

  /// Null if it is not known; else to be used before the next change.
  const KnownDirectory* find(std::string_view directory) const;
  void insert(const std::string& directory, const KnownDirectory& known);
  void clear() { known_.clear(); }

  /// The id in a directory that is written without names: the root's, or that behind "#".
  static FileId base_of(std::string_view written);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, KnownDirectory, Hash, std::equal_to<>> known_;
};

}  // namespace mayfly
