#include "staging/selection.h"

#include <fnmatch.h>

#include <algorithm>

#include "staging/times.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

bool matches_one(const std::vector<std::string>& patterns, const std::string& path) {
  const std::string name = last_name(path);
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    const bool is_path = pattern.find('/') != std::string::npos;
    return ::fnmatch(pattern.c_str(), (is_path ? path : name).c_str(), 0) == 0;
  });
}

}  // namespace

bool Selection::takes(const std::string& path, const struct stat& status) const {
  if (matches_one(exclude, path)) return false;
  if (S_ISDIR(status.st_mode)) return true;
  if (!include.empty() && !matches_one(include, path)) return false;
  return !newer || is_later(status.st_mtim, *newer);
}

}  // namespace mayfly
