// session_check: what must hold between all shards of a namespace while nothing is under way.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "metadata/namespace.h"

namespace mayfly {

/// Pages of each file on all servers together.
using UsedPages = std::unordered_map<FileId, std::uint64_t>;

/// Each dentry is where its name belongs and leads to an inode of its type; each inode has as many
/// names as it says; each directory is in the directory it says, and all of them hang on the root.
/// `shards` in the order of their servers. The first thing that is wrong, in a sentence.
Result<void, Failure> check_session(const std::vector<const Namespace*>& shards);
/// All pages belong to files that are there, and each file has as many as its inode says, unless
/// that does not claim to know.
Result<void, Failure> check_space(const std::vector<const Namespace*>& shards,
                                  const UsedPages& pages);

}  // namespace mayfly
