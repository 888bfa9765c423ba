// FilePack: small files that are read one after the other and then put all together, so that round
// trips do not rule.
//
// Owner: a thread that copies. Order: add as long as there is room, send, and again. Failure: of
// each file its own.
#pragma once

#include <string>
#include <vector>

#include "staging/file_calls.h"
#include "staging/manifest.h"

namespace mayfly {

class FilePack {
 public:
  /// Both outlive it.
  FilePack(const FileCalls& from, const FileCalls& to);

  /// Whether a file that the tree's walk has seen so may be copied by packs.
  bool takes(const struct stat& seen) const;
  bool has_room(const struct stat& seen) const;
  bool empty() const { return members_.empty(); }

  /// Reads a file. `path`: as the manifest names it. again: it is not what was seen, or changes
  /// meanwhile. cross_device: it has more than a pack carries, as a FileCopy does.
  Status add(const std::string& from, std::string to, const struct stat& seen, std::string path);
  /// Puts all that were added. In their order: what the manifest says, or why it is not there;
  /// cross_device as from add.
  std::vector<Result<ManifestEntry>> send();

 private:
  struct Member {
    std::string to;
    struct stat source;
    std::size_t offset;  ///< of its bytes
    ManifestEntry entry;
  };

  const FileCalls& from_;
  const FileCalls& to_;
  std::vector<std::byte> bytes_;
  std::size_t used_ = 0;
  std::vector<Member> members_;
};

}  // namespace mayfly
