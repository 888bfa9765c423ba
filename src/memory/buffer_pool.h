// BufferPool and Buffer: the registered memory of a server, lent in pieces.
//
// Owner: the pool cuts a slab that outlives it; a Buffer is owned by whoever holds it, and by the
//   operation while a device or a peer may touch it. All Buffers are back before the pool ends.
// Thread: the loop's.
// Order: acquire() is FIFO per class, by direct handoff: no barging, no lost wake-up. Whoever holds
//   Buffers may wait only for a smaller class than the smallest it holds (large, small, page), so
//   waits cannot form a circle. Freed Buffers are lent last in, first out: the warm one first.
// Failure: none. An exhausted pool makes its callers wait; it is never an error.
// Bound: the slab. Default 64 MiB: 56 large (1 MiB), 256 small (16 KiB), 1024 page (4 KiB) Buffers.
//   Where these do not suffice, free large ones, half of them at the most, are cut into smaller
//   ones, and are whole again once all of their pieces are back: many small files have room, and
//   whoever waits for a large Buffer waits for those of the other half.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "async/resumption.h"
#include "base/units.h"

namespace mayfly {

enum class BufferClass : std::uint8_t { large = 0, small = 1, page = 2 };
inline constexpr std::size_t kBufferClasses = 3;

/// Bytes of one Buffer of each class. `small` holds the largest inline payload (8 KiB) at any
/// offset within a page.
inline constexpr std::array<std::size_t, kBufferClasses> kBufferBytes = {kMiB, 16 * kKiB,
                                                                         kPageBytes};

class BufferPool;

/// Holds Buffers that it can do without, or soon can: a cache.
class BufferReclaimer {
 public:
  /// Somebody wants a Buffer of the class, and none is free. Gives one back now if it can, else
  /// sees to it that one will be.
  virtual void reclaim(BufferClass size_class) = 0;

 protected:
  ~BufferReclaimer() = default;
};

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), data_(other.data_), class_(other.class_) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = std::exchange(other.pool_, nullptr);
      data_ = other.data_;
      class_ = other.class_;
    }
    return *this;
  }
  ~Buffer() { release(); }

  explicit operator bool() const { return pool_ != nullptr; }
  /// Page-aligned.
  std::byte* data() const { return data_; }
  std::size_t size() const { return kBufferBytes[static_cast<std::size_t>(class_)]; }
  BufferClass size_class() const { return class_; }
  /// Where the Buffer begins in the slab, in bytes: what a remote peer addresses.
  std::uint64_t slab_offset() const;

 private:
  friend class BufferPool;
  friend class SharedBuffer;
  Buffer(BufferPool* pool, std::byte* data, BufferClass size_class)
      : pool_(pool), data_(data), class_(size_class) {}
  void release();

  BufferPool* pool_ = nullptr;
  std::byte* data_ = nullptr;
  BufferClass class_ = BufferClass::large;
};

class BufferPool {
 public:
  using Counts = std::array<std::size_t, kBufferClasses>;

  /// Cuts `slab` (page-aligned) as the default plan does: 1/16 small, 1/16 page, the rest large, at
  /// least one of each. Needs 2 MiB.
  static Counts plan(std::size_t slab_bytes);

  BufferPool(std::span<std::byte> slab, Counts counts);
  explicit BufferPool(std::span<std::byte> slab) : BufferPool(slab, plan(slab.size())) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  /// Aborts if a Buffer is still lent: something could write into freed memory.
  ~BufferPool();

  class Awaiter : public ListHook {
   public:
    Awaiter(BufferPool& pool, BufferClass size_class) : pool_(pool), class_(size_class) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    bool await_ready();
    void await_suspend(std::coroutine_handle<> handle);
    Buffer await_resume() { return std::move(granted_); }

   private:
    friend class BufferPool;
    BufferPool& pool_;
    BufferClass class_;
    Buffer granted_;
    Resumption resumption_;
  };
  /// Waits for a Buffer of the class. Its bytes are whatever the last holder left.
  Awaiter acquire(BufferClass size_class) { return Awaiter(*this, size_class); }
  /// A Buffer if one is free, or given back by the reclaimer at once, and nobody waits for one;
  /// else an empty Buffer.
  Buffer try_acquire(BufferClass size_class);
  /// At most one, which outlives the pool's use or takes itself out with null.
  void set_reclaimer(BufferReclaimer* reclaimer) { reclaimer_ = reclaimer; }

  std::span<std::byte> slab() const { return slab_; }
  /// As it is cut now.
  std::size_t total(BufferClass size_class) const { return counts_[index(size_class)]; }
  /// How many there can be of the class.
  std::size_t most(BufferClass size_class) const;
  bool has_waiters(BufferClass size_class) const { return !waiters_[index(size_class)].empty(); }
  std::size_t free(BufferClass size_class) const {
    return free_[index(size_class)].size() + free_pieces_[index(size_class)];
  }
  bool has_cuts() const { return cuts_ != 0; }
  /// Whether another large Buffer, should it be free, may be cut.
  bool may_cut_more() const { return cuts_ < most_cuts_; }
  /// Whether a Buffer of the class can be had without taking anything from anybody.
  bool has_room(BufferClass size_class) const;

 private:
  friend class Buffer;
  friend class SharedBuffer;
  static std::size_t index(BufferClass size_class) { return static_cast<std::size_t>(size_class); }
  static std::size_t pieces(BufferClass size_class) {
    return kBufferBytes[0] / kBufferBytes[index(size_class)];
  }
  /// A large Buffer that is cut, or has been; in a list while it has free pieces.
  struct Cut : ListHook {
    BufferClass size_class = BufferClass::large;
    std::vector<std::uint16_t> free;  ///< pieces, the next one last
  };
  bool may_cut() const { return !free_[0].empty() && waiters_[0].empty() && may_cut_more(); }
  void cut(BufferClass size_class);
  std::byte* take(BufferClass size_class);
  /// The large Buffer that this is a piece of; null: it has never been one.
  Cut* cut_of(const std::byte* data, BufferClass size_class);
  void give_back(std::byte* data, BufferClass size_class);
  void give_back_piece(Cut& cut, const std::byte* data);
  /// A large Buffer has come free that nobody waits for.
  void cut_for_waiters(BufferClass size_class);
  void hand_over(std::byte* data, BufferClass size_class);
  std::uint32_t& holders(const std::byte* data) {
    return holders_[static_cast<std::size_t>(data - slab_.data()) / kPageBytes];
  }
  /// One holder of a SharedBuffer less. With one left, the reclaimer may have what others wait for.
  void let_go(std::byte* data, BufferClass size_class);

  std::span<std::byte> slab_;
  Counts counts_;
  const Counts plan_;
  std::vector<std::uint32_t> holders_;  ///< of those that are shared, by the slab's page
  std::vector<Cut> cut_;                ///< by large Buffer, which are at the slab's beginning
  std::size_t cuts_ = 0;
  const std::size_t most_cuts_;
  std::array<std::size_t, kBufferClasses> free_pieces_{};
  std::array<IntrusiveList<Cut>, kBufferClasses> with_pieces_;
  BufferReclaimer* reclaimer_ = nullptr;
  std::array<std::vector<std::byte*>, kBufferClasses> free_;
  std::array<IntrusiveList<Awaiter>, kBufferClasses> waiters_;
};

}  // namespace mayfly
