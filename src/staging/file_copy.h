// FileCopy: one file on its way from one file system to the other, in pieces that several threads
// may take.
//
// The bytes go to a temporary name beside the destination's, which finish() gives the file once it
// is whole, with its mode, owner, times and extended attributes; where the destination is lasting
// it is on its device by then. What fails, or changes meanwhile, leaves what was there before.
// Several processes may copy a part each; then somebody else gives the file its name.
// Order: open, move_piece of each piece, finish (of a part: finish_part) or abandon. Thread: pieces
// side by side, the rest alone.
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
#include "staging/temporary_name.h"

namespace mayfly {

/// Bytes that one thread copies in a row, or has copied; a multiple of what its buffer holds.
inline constexpr std::uint64_t kStagePieceBytes = 32 * kMiB;
/// A multiple of a digest's block.
inline constexpr std::uint64_t kStageBufferBytes = 4 * kMiB;
/// Of what goes past the page cache.
inline constexpr std::uint64_t kStageAlignment = kPageBytes;

/// Who moves the bytes, and how.
struct CopyMode {
  /// The session's servers do, as far as they see the file of the node's; else this process.
  bool by_servers = false;
  bool is_direct = false;  ///< the node's files are read and written past its page cache
  bool is_idle = false;    ///< servers give way to any other I/O
};

constexpr std::uint64_t pieces_of(std::uint64_t file_bytes) {
  return file_bytes == 0 ? 1 : (file_bytes + kStagePieceBytes - 1) / kStagePieceBytes;
}

/// Which pieces of a file are copied: those that leave `index` when divided by `count`. Others copy
/// the rest to the same temporary name.
struct FilePart {
  unsigned index = 0;
  unsigned count = 1;
  std::string temporary = {};
  bool is_all() const { return count == 1; }
};

struct FileEnds {
  const FileCalls& from_calls;
  std::string from;
  const FileCalls& to_calls;
  std::string to;
  CopyMode mode = {};
  bool comes_in() const { return to_calls.copy_by_servers != nullptr; }
  /// The calls of that end which is the session's.
  const FileCalls& session() const { return comes_in() ? to_calls : from_calls; }
};

class FileCopy {
 public:
  /// `seen`: what the tree's walk has seen of the source. `path`: as the manifest names it.
  static Result<std::unique_ptr<FileCopy>> open(FileEnds ends, const struct stat& seen,
                                                std::string path, FilePart part = {});

  std::uint64_t size() const { return entry_.size; }
  /// Those that are copied here.
  std::uint64_t pieces() const;
  std::uint64_t bytes_of_piece(std::uint64_t piece) const;
  /// `buffer`: kStageBufferBytes of the thread's own, aligned to kStageAlignment.
  Status move_piece(std::uint64_t piece, MutableBytes buffer);
  /// again: the source has changed while it was copied.
  Result<ManifestEntry> finish();
  /// What was copied is on its device, if that lasts; the blocks of the entry are those of the
  /// part.
  Result<ManifestEntry> finish_part();
  void abandon();
  /// Those that servers have copied so far.
  std::uint64_t bytes_by_servers() const { return bytes_by_servers_; }

 private:
  FileCopy(FileEnds ends, SourceFile source, FilePart part, OpenFile to, std::string path);
  void name_node_file();
  Status move_span(std::uint64_t begin, std::uint64_t length, MutableBytes buffer);
  /// cross_device: servers cannot, and will not be asked again.
  Status serve(std::uint64_t begin, std::uint64_t length);
  Status settle();
  /// Where the source's first data (SEEK_DATA) or hole at or behind `offset` begins; at most `end`.
  Result<std::uint64_t> seek(std::uint64_t offset, int whence, std::uint64_t end) const;
  int session_descriptor() const { return comes_in() ? to_.descriptor() : source_.descriptor(); }
  bool comes_in() const { return ends_.comes_in(); }
  /// Reads or writes the node's file past its page cache, which knows whole pages only.
  bool is_direct() const { return ends_.mode.is_direct && !is_sparse_; }
  Status write_data(std::uint64_t begin, Bytes bytes);
  std::uint64_t begin_of(std::uint64_t piece) const {
    return (part_.index + piece * part_.count) * kStagePieceBytes;
  }

  FileEnds ends_;
  SourceFile source_;
  FilePart part_;
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
/// The file that is open, and whole, under a temporary name gets its attributes and its own name;
/// by then it is on its device, if that lasts.
Status put_in_place(const FileEnds& ends, const struct stat& source, const std::string& temporary,
                    OpenFile& file);

}  // namespace mayfly
