// FileCopy: one file on its way from one file system to the other, in pieces that several threads
// may take.
//
// The bytes go to a temporary name beside the destination's, which finish() gives the file once it
// is whole, with its mode, owner, times and extended attributes; where the destination is lasting
// it is on its device by then. What fails, or changes meanwhile, leaves what was there before.
// Order: open, move_piece of each piece, finish or abandon. Thread: pieces side by side, the rest
// alone.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "protocol/digest.h"
#include "staging/file_calls.h"
#include "staging/manifest.h"
#include "staging/open_file.h"
#include "staging/source_file.h"

namespace mayfly {

/// Bytes that one thread copies in a row, or has copied; a multiple of what its buffer holds.
inline constexpr std::uint64_t kStagePieceBytes = 32 * kMiB;
/// A multiple of a digest's block.
inline constexpr std::uint64_t kStageBufferBytes = 4 * kMiB;

/// Who moves the bytes, and how.
struct CopyMode {
  /// The session's servers do, as far as they see the file of the node's; else this process.
  bool by_servers = false;
  bool is_direct = false;  ///< servers go past their page cache
  bool is_idle = false;    ///< servers give way to any other I/O
};

struct FileEnds {
  const FileCalls& from_calls;
  std::string from;
  const FileCalls& to_calls;
  std::string to;
  CopyMode mode = {};
};

/// The temporary name of what will be `path`, no other process's: two that copy to one place spoil
/// each other's work, but never a file.
std::string temporary_of(const std::string& path);
/// The same where a rename from one name to another may be less work than to a third.
std::string temporary_of(const FileCalls& calls, const std::string& path);
bool is_temporary_name(const std::string& name);

class FileCopy {
 public:
  /// `seen`: what the tree's walk has seen of the source. `path`: as the manifest names it.
  static Result<std::unique_ptr<FileCopy>> open(FileEnds ends, const struct stat& seen,
                                                std::string path);

  std::uint64_t size() const { return entry_.size; }
  std::uint64_t pieces() const;
  /// `buffer`: kStageBufferBytes of the thread's own.
  Status move_piece(std::uint64_t piece, MutableBytes buffer);
  /// again: the source has changed while it was copied.
  Result<ManifestEntry> finish();
  void abandon();
  /// Those that servers have copied so far.
  std::uint64_t bytes_by_servers() const { return bytes_by_servers_; }

 private:
  FileCopy(FileEnds ends, SourceFile source, std::string temporary, OpenFile to, std::string path);
  void name_node_file();
  Status move_span(std::uint64_t begin, std::uint64_t length, MutableBytes buffer);
  /// cross_device: servers cannot, and will not be asked again.
  Status serve(std::uint64_t begin, std::uint64_t length);
  Status settle();
  /// Where the source's first data (SEEK_DATA) or hole at or behind `offset` begins; at most `end`.
  Result<std::uint64_t> seek(std::uint64_t offset, int whence, std::uint64_t end) const;
  int session_descriptor() const { return comes_in() ? to_.descriptor() : source_.descriptor(); }
  bool comes_in() const { return ends_.to_calls.copy_by_servers != nullptr; }
  Status write_data(std::uint64_t begin, Bytes bytes);
  Status set_attributes();

  FileEnds ends_;
  SourceFile source_;
  std::string temporary_;
  OpenFile to_;
  ManifestEntry entry_;
  bool is_sparse_;
  std::string node_path_;
  mayfly_node_file node_file_{};
  std::atomic<bool> is_served_;
  std::atomic<std::uint64_t> bytes_by_servers_{0};
};

/// Owner, mode and times of what `path` names, itself a link or not, and extended attributes of the
/// user's from the source. Owners are changed by root only.
Status copy_attributes(const FileEnds& ends, const struct stat& source);

}  // namespace mayfly
