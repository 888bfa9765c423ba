// DiskChunkStore: chunks in a DataFile on a drive, through a Ring, with a MemoryTier above it.
//
// Owner: the server; loop, ring and pool outlive the store, the store outlives the tasks that use
// it. Thread: the loop's. Order and failure: as ChunkStore says. Cancellation: whatever waits for
// its turn, or for memory, ends at once. What has begun to move
//   pages is carried through, and those behind it wait for it.
// Only whole pages go to the drive and come from it. A write takes its places there and is done
// when
//   its bytes are in a block; an edge of it that the drive has and memory has not is read first.
// Waits, so that they cannot form a circle: for memory, then for room for dirty pages, then for the
//   pages; whoever holds pages waits for the drive only, and a block on its way there for nobody.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "storage/chunk_space.h"
#include "storage/chunk_store.h"
#include "storage/chunk_table.h"
#include "storage/memory_tier.h"
#include "storage/undertakings.h"

namespace mayfly {

class DiskChunkStore final : public ChunkStore, private MemoryTier::Writer {
 public:
  DiskChunkStore(EventLoop& loop, Ring& ring, BufferPool& pool, DataFile file);
  ~DiskChunkStore() override;

  Task<Transfer> write(ChunkId id, std::uint64_t offset, Buffer buffer,
                       std::size_t length) override;
  Task<Result<std::uint64_t>> write(ChunkId id, std::uint64_t offset, Bytes bytes) override;
  std::optional<Result<std::uint64_t>> try_write(ChunkId id, std::uint64_t offset,
                                                 Bytes bytes) override;
  Task<Transfer> read(ChunkId id, std::uint64_t offset, Buffer buffer, std::size_t length) override;
  Task<Result<std::optional<Loan>>> lend(ChunkId id, std::uint64_t offset,
                                         std::size_t length) override;
  std::optional<Loan> try_lend(ChunkId id, std::uint64_t offset, std::size_t length) override;
  std::optional<std::size_t> peek(ChunkId id, std::uint64_t offset, MutableBytes into) override;
  Task<Result<std::uint64_t>> truncate(ChunkId id, std::uint64_t end) override;
  bool try_remove(FileId file) override;
  Task<Result<std::uint64_t>> reserve(ChunkId id, PageRange pages) override;
  Task<Result<std::uint64_t>> punch(ChunkId id, PageRange pages, bool keeps_space) override;
  std::uint64_t next_data(ChunkId id, std::uint64_t offset) const override;
  std::uint64_t next_hole(ChunkId id, std::uint64_t offset) const override;
  /// Once the drive has failed to sync it fails for ever: the kernel reports what it could not
  /// write back to one call only, and says nothing of it to the next.
  Task<Status> sync(FileId file) override;
  Task<Status> sync_all() override;
  std::vector<ChunkExtent> chunks_of(FileId file) const override;
  std::vector<FileSpace> files() const override;
  Result<void, Failure> check() const override;
  StoreUsage usage() const override;

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
    ChunkId id() const { return id_; }

   private:
    DiskChunkStore* store_;
    ChunkId id_;
    Chunk* chunk_;
    std::optional<RangeLock::Guard> guard_;
  };

  /// Bytes [begin, end) of a section.
  struct ByteRange {
    std::size_t begin;
    std::size_t end;
  };
  struct Put;
  struct Fill;
  /// A file of which something is lost.
  struct Fault {
    Errc error;
    bool is_told = false;  ///< to a write
  };
  using Holds = std::vector<MemoryTier::Hold>;

  void remove_if_gone(ChunkId id, Chunk& chunk);
  std::uint64_t next(ChunkId id, std::uint64_t offset, bool written) const;
  /// No page of the chunk's blocks in `pages` is on its way to or from the drive while they are
  /// held. The caller holds `pages`, so that none sets out.
  Task<Holds> stop_transfers(Chunk& chunk, PageRange pages);
  /// Pages that are cut off or punched are in memory no more.
  void drop(Chunk& chunk, PageRange pages);

  /// Waits for what the write needs, and does it.
  Task<Transfer> put(Put put);
  /// What it needs is taken, as far as it is free, and stays with it.
  std::optional<Transfer> put_at_once(Put& put);
  bool needs_memory(const Put& put) const;
  bool needs_room(const Put& put) const;
  /// Whether nothing of the write has to wait for the drive.
  bool can_commit(Put& put);
  Task<Transfer> put_slowly(Put put);
  /// Whether an edge of the write is on the drive and not in memory.
  bool misses_edge(const Put& put) const;
  /// Whether this is one of several writes in a row that leave out parts of the section which
  /// others have written: it is brought to memory as a whole, and not by two edges each time.
  bool wants_section(const Put& put) const;
  Task<void> bring_section(ChunkId id, Chunk& chunk, std::uint32_t section);
  /// Reads the part of `page` that the write leaves as it is.
  Task<Status> fill_edge(Put& put, Block& block, std::uint32_t page);
  Transfer commit(Put& put);
  /// The block that the write goes to, with the write's memory if it needs that.
  Block& install(Put& put);
  /// A new block for the section, or larger memory for the one it has; what that has of `keep` does
  /// not count.
  Block& place(const Claim& claim, std::uint32_t section, SharedBuffer memory, ByteRange keep);
  BufferClass class_of_section(const Chunk& chunk, std::uint64_t offset, std::size_t length) const;

  /// What of `pages` is to be read from where, into memory that begins with the first of them; what
  /// is in blocks is copied, holes are zeroed.
  Result<IoSpans> spans_to_read(const Chunk& chunk, PageRange pages, std::byte* into);
  /// Moves all spans, side by side; all or an error.
  Task<Status> move_all(Direction direction, IoSpans spans, SharedBuffer buffer);
  std::optional<Loan> loan_of(Chunk& chunk, std::uint64_t offset, std::size_t length);
  /// Whether this read is one of a row of them, and the rest of the section will be wanted.
  bool note_read(Chunk& chunk, ChunkId id, std::uint64_t offset, std::size_t length) const;
  Task<Status> fill(Fill fill);
  struct Place {
    ChunkId chunk;
    std::uint32_t section;
  };
  /// The section that who goes through a file in order comes to next; none: there is none here.
  std::optional<Place> next_place(const Place& place) const;
  /// Brings the next ones to memory, as far as there is some.
  void read_ahead(Place place, int sections);
  Task<Status> fill_ahead(Claim claim, std::uint32_t section, SharedBuffer memory);

  void write_back(Blocks blocks) override { flushes_.undertake(flush_together(std::move(blocks))); }
  void evict(Block& block) override;
  /// A block whose pages do not move meanwhile, with what of it goes to the drive.
  struct Flushing;
  using Run = std::pair<Gathering, PooledVector<Flushing*>>;
  /// Once nobody else moves the block's pages.
  Task<Status> flush(Block& block);
  /// Those whose pages nobody moves just now side by side, with as few writes as their places
  /// allow.
  Task<Status> flush_together(Blocks blocks);
  Task<Status> write_out(PooledVector<Flushing> parts);
  Task<Status> write_run(Run run);
  static PooledVector<Run> runs_of(PooledVector<Flushing>& parts);
  void note_lost(Block& block, const PageRanges& pages, Errc error);
  bool has_lost(FileId file) const;
  static void add_dirty(const Chunk& chunk, Blocks& dirty);
  Task<Status> flush_all(Blocks dirty);
  /// What has been written to the drive is on stable storage.
  Task<Status> sync_device();
  /// What the next write of a file is to be told.
  Status take_fault(FileId file);

  Ring& ring_;
  MemoryTier tier_;
  ChunkSpace space_;
  ChunkTable<Chunk> chunks_;
  std::unordered_map<FileId, Fault> faults_;
  Undertakings<Transfer> writes_;
  Undertakings<Status> flushes_;
  int reading_ahead_ = 0;
  std::uint64_t device_writes_ = 0;  ///< completed
  std::uint64_t synced_writes_ = 0;  ///< of those, on stable storage
  Status synced_;                    ///< the error of the first sync that failed
};

}  // namespace mayfly
