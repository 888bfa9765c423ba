// ChunkStore: the chunks of files that this server holds. One of the two seams: DiskChunkStore
// keeps them on a drive, MemoryChunkStore in memory; both pass the same tests.
//
// Owner: the server. Thread: the loop's.
// Order: a write or cut that has completed is seen by every later read. Operations on overlapping
//   pages of one chunk happen one after the other, in the order in which they were started unless
//   one has to wait for memory; those on different pages run side by side.
// Durability: a write that has completed may be in memory only, with its place on the drive taken.
//   sync() brings it there.
// Failure: every error is the operation's result. ENOSPC fails that write alone and changes nothing
//   but, at the most, bytes within the range that it was to write. A failed write leaves the
//   chunk's end where it was. What could not be brought to the drive later is lost: reading it and
//   sync() fail until it is written again or cut off, the next write of the file fails once, and
//   the observer is told.
// Holes: bytes below a chunk's end that were never written read as zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "async/task.h"
#include "base/bytes.h"
#include "base/file_id.h"
#include "base/result.h"
#include "memory/buffer_pool.h"
#include "memory/shared_buffer.h"
#include "storage/page_range.h"
#include "storage/transfer.h"

namespace mayfly {

struct ChunkId {
  FileId file;
  std::uint64_t index = 0;
  friend auto operator<=>(const ChunkId&, const ChunkId&) = default;
};

/// What is known of a chunk without reading it.
struct ChunkExtent {
  std::uint64_t index;      ///< which chunk of the file
  std::uint64_t end_bytes;  ///< one past the last byte written, within the chunk; 0: reserved only
  std::uint64_t pages;      ///< that count as used
};

/// The pages of all chunks of a file.
struct FileSpace {
  FileId file;
  std::uint64_t pages;
};

struct StoreUsage {
  std::uint64_t capacity_bytes;
  std::uint64_t used_bytes;        ///< allocated to chunks, in whole pages
  std::uint64_t dirty_bytes = 0;   ///< in memory only, in whole pages
  std::uint64_t cached_bytes = 0;  ///< of memory that holds pages, dirty or not, in whole Buffers
};

/// A chunk is kept in memory by sections of this length. No read or write crosses their borders.
inline constexpr std::size_t kSectionBytes = kBufferBytes[0];

/// The smallest class whose Buffer can hold the bytes [offset, offset + length) of a chunk where
/// they are in its section: only what is near the chunk's beginning fits a small one.
inline BufferClass class_for(std::uint64_t offset, std::size_t length) {
  if (offset + length <= kBufferBytes[2]) return BufferClass::page;
  if (offset + length <= kBufferBytes[1]) return BufferClass::small;
  return BufferClass::large;
}

inline bool is_in_one_section(std::uint64_t offset, std::size_t length) {
  return offset % kSectionBytes + length <= kSectionBytes;
}

/// Bytes of a chunk in memory, there for as long as somebody holds them; a write that comes
/// meanwhile may change them.
struct Loan {
  SharedBuffer memory;
  std::size_t at = 0;     ///< where they begin in it
  std::size_t bytes = 0;  ///< how many; fewer than asked for at the chunk's end
};

/// Who is told that bytes of a file that count as written are lost.
class LossObserver {
 public:
  virtual void on_loss(FileId file) = 0;

 protected:
  ~LossObserver() = default;
};

class ChunkStore {
 public:
  virtual ~ChunkStore() = default;

  /// At most one, which outlives the store's use or takes itself out with null.
  void set_loss_observer(LossObserver* observer) { loss_observer_ = observer; }

  /// Writes the `length` bytes that stand in `buffer` from byte `offset % kSectionBytes` on to the
  /// chunk's bytes [offset, offset + length), which are in one section. The Buffer, of class_for()
  /// or larger, may be kept; its other bytes may be changed. `length` > 0. All, and how many more
  /// pages count as used, or an error and none.
  virtual Task<Transfer> write(ChunkId chunk, std::uint64_t offset, Buffer buffer,
                               std::size_t length) = 0;
  /// The same for bytes anywhere, which outlive the task; gives the pages.
  virtual Task<Result<std::uint64_t>> write(ChunkId chunk, std::uint64_t offset, Bytes bytes) = 0;
  /// The same if it has to wait for nothing, as it mostly has not: done when this returns. None:
  /// nothing has happened.
  virtual std::optional<Result<std::uint64_t>> try_write(ChunkId, std::uint64_t, Bytes) {
    return std::nullopt;
  }
  /// Reads into `buffer` from byte `offset % kPageBytes` on; offset % kPageBytes + length <=
  /// buffer.size(). `bytes` is what lies below the chunk's end, 0 for a chunk that does not exist.
  virtual Task<Transfer> read(ChunkId chunk, std::uint64_t offset, Buffer buffer,
                              std::size_t length) = 0;
  /// Bytes [offset, offset + length), which are in one section, where they are in memory, or are
  /// brought there because more of them will be wanted. None: read() is the better way.
  virtual Task<Result<std::optional<Loan>>> lend(ChunkId, std::uint64_t, std::size_t) {
    co_return std::optional<Loan>();
  }
  /// lend() of bytes that are in memory; none: of others.
  virtual std::optional<Loan> try_lend(ChunkId, std::uint64_t, std::size_t) { return std::nullopt; }
  /// Copies the chunk's bytes from `offset` on to `into`, as far as they lie below its end, if all
  /// of them are at hand and nothing is under way with them; gives how many. They are in one
  /// section.
  virtual std::optional<std::size_t> peek(ChunkId, std::uint64_t, MutableBytes) {
    return std::nullopt;
  }
  /// Cuts the chunk to `end` bytes and frees whole pages behind it, reserved ones too; what is cut
  /// reads as zeros should the chunk grow again. Never makes a chunk longer. `end` 0 removes it.
  /// Gives the pages that were freed.
  virtual Task<Result<std::uint64_t>> truncate(ChunkId chunk, std::uint64_t end) = 0;
  /// Removes all that there is of a file, if that is one chunk and has to wait for nothing: done
  /// when this returns. False: nothing has happened.
  virtual bool try_remove(FileId) { return false; }
  /// Takes the space for `pages`, so that writing them cannot fail for want of it. They read as
  /// zeros where they were not written, and the chunk's end stays. All, and how many more count as
  /// used, or no_space and none.
  virtual Task<Result<std::uint64_t>> reserve(ChunkId chunk, PageRange pages) = 0;
  /// `pages` read as zeros; their space is free unless `keeps_space`. The chunk's end stays. Gives
  /// the pages that were freed.
  virtual Task<Result<std::uint64_t>> punch(ChunkId chunk, PageRange pages, bool keeps_space) = 0;

  /// Where the chunk's first data (hole) at or behind byte `offset` begins; its end if there is
  /// none. A hole is whole pages that were never written.
  virtual std::uint64_t next_data(ChunkId chunk, std::uint64_t offset) const = 0;
  virtual std::uint64_t next_hole(ChunkId chunk, std::uint64_t offset) const = 0;
  /// Returns once every completed write of `file` is on stable storage.
  virtual Task<Status> sync(FileId file) = 0;
  /// The same for all files. What it says of a loss, the file's own sync says again.
  virtual Task<Status> sync_all() = 0;

  /// The chunks of `file` that exist here, in no order.
  virtual std::vector<ChunkExtent> chunks_of(FileId file) const = 0;
  /// Every file of which there are chunks, in no order.
  virtual std::vector<FileSpace> files() const = 0;
  /// Whether the store is whole, while nothing is under way: what the files use, and what is free,
  /// is everything, and nothing of it is used twice. The first thing that is wrong, in a sentence.
  virtual Result<void, Failure> check() const = 0;
  virtual StoreUsage usage() const = 0;

 protected:
  void tell_of_loss(FileId file) const {
    if (loss_observer_ != nullptr) loss_observer_->on_loss(file);
  }

 private:
  LossObserver* loss_observer_ = nullptr;
};

}  // namespace mayfly
