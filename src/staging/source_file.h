// SourceFile: a file that is copied, open, and as it was then.
#pragma once

#include <string>
#include <utility>

#include "staging/manifest.h"
#include "staging/open_file.h"

namespace mayfly {

class SourceFile {
 public:
  /// again: it is not the file, or no file any more, that the tree's walk has seen.
  static Result<SourceFile> open(const FileCalls& calls, const std::string& path,
                                 const struct stat& seen, bool is_direct = false);

  int descriptor() const { return file_.descriptor(); }
  const struct stat& status() const { return status_; }
  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }
  bool is_sparse() const { return has_holes(status_); }
  /// again: it has changed since it was opened.
  Status check_unchanged() const;
  /// What the manifest says of it, but for its digests.
  ManifestEntry entry(std::string path) const;

  static bool has_holes(const struct stat& status) {
    return status.st_blocks * 512 < status.st_size;
  }

 private:
  SourceFile(const FileCalls& calls, OpenFile file, const struct stat& status)
      : calls_(&calls), file_(std::move(file)), status_(status) {}
  const FileCalls* calls_;
  OpenFile file_;
  struct stat status_;
};

}  // namespace mayfly
