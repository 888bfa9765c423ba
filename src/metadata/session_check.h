// session_check: what must hold between all shards of a namespace while nothing is under way.
#pragma once

#include <vector>

#include "base/result.h"
#include "metadata/namespace.h"

namespace mayfly {

/// Each dentry is where its name belongs and leads to an inode of its type; each inode has as many
/// names as it says; each directory is in the directory it says, and all of them hang on the root.
/// `shards` in the order of their servers. The first thing that is wrong, in a sentence.
Result<void, Failure> check_session(const std::vector<const Namespace*>& shards);

}  // namespace mayfly
