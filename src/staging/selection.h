// Selection: which entries of a tree are meant.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <vector>

namespace mayfly {

/// Patterns as of fnmatch(3); one with a slash is for the path below the tree's top, else for the
/// last name. Thread: any.
struct Selection {
  std::vector<std::string> include;  ///< files must match one, if there are any
  std::vector<std::string> exclude;  ///< a directory with all that is in it
  std::optional<timespec> newer;     ///< files modified after that

  bool takes(const std::string& path, const struct stat& status) const;
};

}  // namespace mayfly
