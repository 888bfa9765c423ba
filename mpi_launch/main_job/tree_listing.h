// TreeListing: the files and directories that the main job copies, as they are on this node.
//
// Symbolic links are counted and left out; so is what is neither a file nor a directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly {

struct TreeEntry {
  std::string source;  ///< absolute path on the node
  std::uint64_t bytes = 0;
  std::uint32_t mode = 0;  ///< permission bits
  bool is_directory = false;

  /// Where it is copied to.
  std::string target() const { return "/tree" + source; }
};

struct TreeListing {
  std::vector<TreeEntry> entries;  ///< a directory stands before what is in it
  std::uint64_t total_bytes = 0;
  std::uint64_t links_skipped = 0;
  std::uint64_t others_skipped = 0;
};

/// Lists `roots`; if there are none, /usr/include and the system's shared libraries.
Result<TreeListing, Failure> list_trees(const std::vector<std::string>& roots);

std::string encode(const TreeListing& listing);
TreeListing decode_listing(std::string_view bytes);

}  // namespace mayfly
