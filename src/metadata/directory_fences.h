// DirectoryFences: the directories in which nothing may be made here, for now or for ever.
#pragma once

#include <cstdint>
#include <unordered_set>

#include "base/file_id.h"

namespace mayfly {

/// Frozen directories are bounded by the rmdirs under way. Tombstones are bounded by the rmdirs of
/// the session: ids are not used again, so each stays. One costs a 24-byte node (40 bytes with the
/// allocator's and the bucket's share): a million rmdirs cost each server 40 MB.
class DirectoryFences {
 public:
  /// False: it was frozen already.
  bool freeze(FileId directory) { return frozen_.insert(directory).second; }
  void thaw(FileId directory) { frozen_.erase(directory); }
  void entomb(FileId directory) {
    frozen_.erase(directory);
    tombstones_.insert(directory);
  }

  bool is_frozen(FileId directory) const { return frozen_.contains(directory); }
  bool is_entombed(FileId directory) const { return tombstones_.contains(directory); }
  std::uint64_t tombstones() const { return tombstones_.size(); }

 private:
  std::unordered_set<FileId> frozen_;
  std::unordered_set<FileId> tombstones_;
};

}  // namespace mayfly
