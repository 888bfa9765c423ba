// PathCache: directory paths to ids, so that a warm path costs one trip whatever its depth.
//
// Also the lexical side of paths. Owner: the session. Thread: the loop's. Bound: kMaxEntries; a
// full cache starts anew. Coherence: docs/decisions.md and design: stale answers and a raised epoch
// clear it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "protocol/attributes.h"

namespace mayfly {

inline constexpr std::size_t kMaxPathBytes = 4096;

/// A path taken apart: the directory that holds the last component, and that component.
struct SplitPath {
  enum class Last : std::uint8_t { name, dot, dot_dot };
  std::string parent;              ///< normal form: "/", "/a", "/a/b"
  std::string name;                ///< empty for the root itself
  bool must_be_directory = false;  ///< the path ended with a slash, "." or ".."
  Last last = Last::name;          ///< what the path's last component was before "." and ".."
                                   ///< were resolved
};

/// Normalises an absolute path and splits off the last component. name_too_long, or no_entry for an
/// empty path, invalid for one that is not absolute.
Result<SplitPath> split(std::string_view path);

class PathCache {
 public:
  static constexpr std::size_t kMaxEntries = 64 * 1024;

  std::optional<FileId> find(const std::string& directory) const;
  void insert(const std::string& directory, FileId id);
  void clear() { ids_.clear(); }

 private:
  std::unordered_map<std::string, FileId> ids_;
};

}  // namespace mayfly
