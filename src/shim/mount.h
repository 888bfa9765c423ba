// The mount prefix ($MAYFLY_PREFIX, "/mayfly" without it) and the paths below it. Pure but for the
// first look at the environment.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::shim {

/// "/mayfly": absolute, without a slash at its end.
const char* mount_prefix();

/// Whether `path` may lie below `prefix`: true for all that do, and for some that do not. What a
/// call on another path costs.
bool may_be_below(const char* path, std::string_view prefix);

struct Whereabouts {
  bool is_below = false;
  /// Below: the path within the file system, "/" for the prefix itself. Elsewhere: what the kernel
  /// is to see, if it is not the path itself, because it leads through the mount and out again.
  std::string path;
};
/// Of an absolute path. What leads to the prefix, and ".." that lead out of it, are taken by their
/// letters; the file system itself follows what is below.
Whereabouts find_path(std::string_view path, std::string_view prefix);

/// How a path relative to `directory`, itself an absolute path, is written absolutely.
std::string joined(std::string_view directory, std::string_view path);

/// Without ".", ".." and needless slashes, by its letters.
std::string without_dots(std::string_view path);

/// Whether one of its components is "..".
bool goes_up(std::string_view path);

}  // namespace mayfly::shim
