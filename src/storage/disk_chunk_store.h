// DiskChunkStore: chunks in a DataFile on a drive, through a Ring.
//
// Owner: the server; the ring outlives the store, the store outlives the tasks that use it.
// Thread: the loop's. Order and failure: as ChunkStore says.
// Cancellation: a read, and whatever waits for its turn, ends at once. A write that has begun is
//   carried through, and those behind it wait for it.
// Whole pages go to the drive: the payload stands in its Buffer as it stands in its pages, so an
// unaligned write first fills its edges from the disk, in place, and is one aligned write then.
#pragma once

#include <optional>
#include <vector>

#include "storage/chunk_space.h"
#include "storage/chunk_store.h"
#include "storage/chunk_table.h"
#include "storage/undertakings.h"

namespace mayfly {

class DiskChunkStore final : public ChunkStore {
 public:
  DiskChunkStore(Ring& ring, DataFile file);
  ~DiskChunkStore() override;

  Task<Transfer> write(ChunkId id, std::uint64_t offset, Buffer buffer,
                       std::size_t length) override;
  Task<Transfer> read(ChunkId id, std::uint64_t offset, Buffer buffer, std::size_t length) override;
  Task<Result<std::uint64_t>> truncate(ChunkId id, std::uint64_t end) override;
  Task<Result<std::uint64_t>> reserve(ChunkId id, PageRange pages) override;
  Task<Result<std::uint64_t>> punch(ChunkId id, PageRange pages, bool keeps_space) override;
  std::uint64_t next_data(ChunkId id, std::uint64_t offset) const override;
  std::uint64_t next_hole(ChunkId id, std::uint64_t offset) const override;
  /// Once it has failed it fails for ever: the kernel reports what it could not write back to one
  /// call only, and says nothing of it to the next.
  Task<Status> sync() override;
  std::vector<ChunkExtent> chunks_of(FileId file) const override;
  std::vector<FileSpace> files() const override;
  Result<void, Failure> check() const override;
  StoreUsage usage() const override { return space_.usage(); }

 private:
  /// An operation's hold on a chunk and, once granted, on pages of it. The last one to let go of a
  /// chunk that does not exist removes it from the table.
  class Claim {
   public:
    Claim(DiskChunkStore& store, ChunkId id, Chunk& chunk);
    Claim(Claim&& other) noexcept;
    Claim& operator=(Claim&&) = delete;
    ~Claim();
    void hold(RangeLock::Guard guard) { guard_.emplace(std::move(guard)); }
    Chunk& chunk() const { return *chunk_; }

   private:
    DiskChunkStore* store_;
    ChunkId id_;
    Chunk* chunk_;
    std::optional<RangeLock::Guard> guard_;
  };

  void remove_if_gone(ChunkId id, Chunk& chunk);
  std::uint64_t next(ChunkId id, std::uint64_t offset, bool written) const;
  Task<Transfer> write_held(Claim claim, std::uint64_t offset, Buffer buffer, std::size_t length);
  /// Fills the bytes around the payload in its first and last page.
  Task<Transfer> fill_edges(Chunk& chunk, std::uint64_t offset, Buffer buffer, std::size_t length);
  /// Puts the chunk's page `page` at `at` in the Buffer, all but its bytes [keep_begin, keep_end).
  Task<Transfer> fill_around(Chunk& chunk, std::uint32_t page, Buffer buffer, std::size_t at,
                             std::size_t keep_begin, std::size_t keep_end);
  /// What of `pages` is to be read from where; zeros the holes in the Buffer.
  std::vector<IoSpan> spans_to_read(const Chunk& chunk, PageRange pages, const Buffer& buffer);
  std::vector<IoSpan> spans_to_write(const Chunk& chunk, PageRange pages);
  /// Moves all spans; gives the sum of their lengths, less at the file's end, or an error.
  Task<Transfer> move(Direction direction, std::vector<IoSpan> spans, Buffer buffer);
  /// The same for any number of spans, side by side. (One span needs a coroutine less.)
  Task<Transfer> move_all(Direction direction, std::vector<IoSpan> spans, Buffer buffer);

  Ring& ring_;
  ChunkSpace space_;
  ChunkTable<Chunk> chunks_;
  Undertakings<Transfer> writes_;
  Status synced_;  ///< the error of the first sync that failed
};

}  // namespace mayfly
