// FileCopy: one file on its way from one file system to the other, in pieces that several threads
// may take.
//
// The bytes go to a temporary name beside the destination's, which finish() gives the file once it
// is whole, with its mode, owner, times and extended attributes; where the destination is lasting
// it is on its device by then. What fails, or changes meanwhile, leaves what was there before.
// Order: open, move_piece of each piece, finish or abandon. Thread: pieces side by side, the rest
// alone.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "staging/digest.h"
#include "staging/file_calls.h"
#include "staging/manifest.h"
#include "staging/open_file.h"

namespace mayfly {

/// Bytes that one thread copies in a row; a multiple of a digest's block.
inline constexpr std::uint64_t kStagePieceBytes = 8 * kDigestBlockBytes;

struct FileEnds {
  const FileCalls& from_calls;
  std::string from;
  const FileCalls& to_calls;
  std::string to;
};

/// The temporary name of what will be `path`, no other process's: two that copy to one place spoil
/// each other's work, but never a file.
std::string temporary_of(const std::string& path);
bool is_temporary_name(const std::string& name);

class FileCopy {
 public:
  /// `seen`: what the tree's walk has seen of the source. `path`: as the manifest names it.
  static Result<std::unique_ptr<FileCopy>> open(FileEnds ends, const struct stat& seen,
                                                std::string path);

  std::uint64_t size() const { return entry_.size; }
  std::uint64_t pieces() const;
  /// `buffer`: kDigestBlockBytes of the thread's own.
  Status move_piece(std::uint64_t piece, MutableBytes buffer);
  /// again: the source has changed while it was copied.
  Result<ManifestEntry> finish();
  void abandon();

 private:
  FileCopy(FileEnds ends, const struct stat& source, OpenFile from, OpenFile to, std::string path);
  Status move_block(std::uint64_t block, MutableBytes buffer);
  Status write_data(std::uint64_t begin, Bytes bytes);
  Status check_source();

  FileEnds ends_;
  struct stat source_;
  std::string temporary_;
  OpenFile from_;
  OpenFile to_;
  ManifestEntry entry_;
  bool is_sparse_;
};

/// Owner, mode and times of what `path` names, itself a link or not, and extended attributes of the
/// user's from the source. Owners are changed by root only.
Status copy_attributes(const FileEnds& ends, const struct stat& source);

}  // namespace mayfly
