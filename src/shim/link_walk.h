// A walk over the symbolic links of a path of ours, from outside of libmayfly: for realpath(3), and
// for links that lead to other file systems.
#pragma once

#include <string>

namespace mayfly::shim {

struct WalkEnd {
  std::string path;         ///< absolute; empty, and errno: it does not lead to anything
  bool is_outside = false;  ///< no longer below the mount; what is behind was not looked at
};

/// `whole` has the prefix.
WalkEnd walk_links(const std::string& whole);

}  // namespace mayfly::shim
