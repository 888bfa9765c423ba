// MemoryTier: which Blocks stay in memory, and when dirty ones go to the drive.
//
// It has the pool's Buffers that nobody else wants. Clean blocks leave when somebody wants memory,
// the least recently used first, be they of the class that is wanted or of one that can become it.
// Of each class of Buffers, blocks are written back, the first to
// become dirty first, while more than a quarter are dirty, when somebody waits for memory, and when
// they have been dirty for some seconds, so that the next burst finds room. Large ones that are
// dirty in part stay until half are dirty: what their writers have not come to yet would make it
// two writes, and a read of what is on the border. While three quarters are dirty, writers wait:
// for room(). If what they need is half-filled sections, those may stay for a moment yet: of
// several who fill a file together, the first one waits for the last.
//
// Owner: the store. Thread: the loop's. Failure: none. Bound: the pool; per class 8 MiB or 64
// large, 64 small and 256 page blocks being written back.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "async/event_loop.h"
#include "async/semaphore.h"
#include "memory/buffer_pool.h"
#include "storage/block.h"

namespace mayfly {

class MemoryTier final : public BufferReclaimer {
 public:
  /// The store, which knows where blocks go.
  class Writer {
   public:
    using Blocks = PooledVector<Block*>;
    /// Starts to write the blocks back: for each take_dirty(), then settle().
    virtual void write_back(Blocks blocks) = 0;
    /// Destroys the block, after forget().
    virtual void evict(Block& block) = 0;

   protected:
    ~Writer() = default;
  };

  /// The right to move a block's pages from or to the drive, or to take them away. When it ends,
  /// the block may be what somebody waits for.
  class Hold {
   public:
    /// `permit`: of the block's transfers.
    Hold(MemoryTier& tier, Block& block, Semaphore::Permit permit)
        : tier_(&tier), block_(&block), permit_(std::move(permit)) {}
    Hold(Hold&& other) noexcept
        : tier_(std::exchange(other.tier_, nullptr)),
          block_(other.block_),
          permit_(std::move(other.permit_)) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold() {
      if (tier_ == nullptr) return;
      permit_.release();
      std::exchange(tier_, nullptr)->offer(block_->memory.size_class());
    }

   private:
    MemoryTier* tier_;
    Block* block_;
    Semaphore::Permit permit_;
  };

  MemoryTier(EventLoop& loop, BufferPool& pool, Writer& writer);
  MemoryTier(const MemoryTier&) = delete;
  MemoryTier& operator=(const MemoryTier&) = delete;
  ~MemoryTier();

  BufferPool& pool() { return pool_; }
  /// Permits to make a block of the class dirty.
  Semaphore& room(BufferClass size_class) { return *classes_[index(size_class)].room; }

  void add(Block& block);
  void forget(Block& block);
  /// Gives the block other memory, and back what it had. `room` of a dirty block is to follow.
  SharedBuffer exchange(Block& block, SharedBuffer memory);
  /// It was used just now.
  void touch(Block& block);
  /// `pages` of the block are valid and dirty. `room` if it was not dirty before, or its memory has
  /// been exchanged.
  void mark_dirty(Block& block, PageRange pages, std::optional<Semaphore::Permit> room);
  /// `pages` are not there any more.
  void drop(Block& block, PageRange pages);

  struct Dirty {
    PageSet pages;
    std::optional<Semaphore::Permit> room;
  };
  /// What a write-back takes to the drive; the block is clean until it is written to again.
  Dirty take_dirty(Block& block);
  /// The end of a write-back.
  void settle(Block& block);

  void reclaim(BufferClass size_class) override;

  std::uint64_t dirty_bytes() const { return dirty_pages_ * kPageBytes; }
  std::uint64_t cached_bytes() const { return cached_bytes_; }

 private:
  struct Class {
    std::unique_ptr<Semaphore> room;
    std::uint64_t most_dirty = 0;
    std::size_t in_flight = 0;      ///< what the blocks count for that are written back
    IntrusiveList<Block> clean;     ///< by their last use
    IntrusiveList<Block> partial;   ///< dirty, by when they became so
    IntrusiveList<Block> complete;  ///< likewise, and more writes to them are not expected
  };
  static std::size_t index(BufferClass size_class) { return static_cast<std::size_t>(size_class); }
  Class& class_of(const Block& block) { return classes_[index(block.memory.size_class())]; }
  bool is_idle(Block& block) const;
  /// The clean block whose last use is longest ago, of those that nobody uses now; null: none.
  Block* oldest_idle(BufferClass size_class);
  /// Small blocks that were used before `than` (null: any), until a large Buffer is whole again;
  /// whether one is.
  bool evict_small(const Block* than);
  /// Something may be idle now that was not.
  void offer(BufferClass size_class) {
    if (pool_.has_waiters(size_class)) reclaim(size_class);
  }
  /// Into the list that it belongs to, as the youngest.
  void list(Block& block);
  /// Of the dirty blocks: while there are too many, those that have been so for long, those that
  /// writers wait for, or as many as go at a time.
  enum class Which { surplus, old, waited_for, any };
  /// The next one to be written, if `enough` of them are dirty; null: none.
  Block* next_to_write(Class& state, Which which, std::uint64_t enough);
  /// Whether others are likely to fill the rest of it soon, as those have that were there before.
  bool is_worth_waiting_for(const Block& block);
  Which reason(std::size_t c, Which which) const;
  void set_out(Block& block);
  void write_some(std::size_t c, Which which);
  static void look_for_old(void* self);

  EventLoop& loop_;
  BufferPool& pool_;
  Writer& writer_;
  std::array<Class, kBufferClasses> classes_;
  std::uint64_t dirty_pages_ = 0;
  std::uint64_t cached_bytes_ = 0;
  std::uint64_t uses_ = 0;
  bool is_patient_ = true;  ///< what was dirty in part has become complete lately
  Timer ageing_;
};

}  // namespace mayfly
