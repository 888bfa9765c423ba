// SlotPool: the write slots that one server has leased to this session.
//
// Slots are kept from write to write while several writes to the server are under way, and all go
// back when the last of them ends: an idle client holds none. The server may take any slot back at
// the end of a write. Owner: the session, one per server. Thread: the loop's.
#pragma once

#include <cstdint>
#include <vector>

#include "async/semaphore.h"
#include "protocol/channel.h"

namespace mayfly {

class SlotPool {
 public:
  explicit SlotPool(Channel& channel) : channel_(channel) {}
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  /// A write's use of a slot; the slot is given back or written off at its end.
  class Lease {
   public:
    /// `cookie` names the connection that the slot was leased on.
    Lease(SlotPool& pool, std::uint64_t slab_offset, std::uint64_t cookie)
        : pool_(&pool), slab_offset_(slab_offset), cookie_(cookie) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)),
          slab_offset_(other.slab_offset_),
          cookie_(other.cookie_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->write_off();
    }
    std::uint64_t slab_offset() const { return slab_offset_; }
    /// Whether the connection that the slot belongs to is still the open one.
    bool is_current() const {
      return pool_->channel_.is_open() && pool_->channel_.cookie() == cookie_;
    }
    /// The server left a slot with us: this one, or another instead.
    void kept(std::uint64_t slab_offset) {
      std::exchange(pool_, nullptr)->keep(slab_offset, cookie_);
    }

   private:
    SlotPool* pool_;
    std::uint64_t slab_offset_;
    std::uint64_t cookie_;
  };

  /// Waits for a slot: a free one, a new one from the server, or one that another write gives back.
  Task<Result<Lease>> acquire();

  /// Gives the open connection's slot back without a write.
  void release(std::uint64_t slot);

  /// Counts a write from before its acquire to its end.
  class User {
   public:
    explicit User(SlotPool& pool) : pool_(pool) { ++pool_.users_; }
    User(const User&) = delete;
    User& operator=(const User&) = delete;
    ~User() {
      if (--pool_.users_ == 0) pool_.release_all();
    }

   private:
    SlotPool& pool_;
  };
  /// Whether it is worth to keep a slot: another write is under way.
  bool wanted() const { return users_ > 1; }

 private:
  struct Waiter;
  void keep(std::uint64_t slab_offset, std::uint64_t cookie);
  void forget_other_connections();
  void write_off();
  void release_all();
  void wake_one();

  Channel& channel_;
  std::vector<std::uint64_t> free_;
  std::uint64_t free_cookie_ = 0;  ///< the connection that the free slots belong to
  std::size_t users_ = 0;
  /// Waiters of acquire(): each release lets one look again.
  IntrusiveList<Waiter> waiters_;
};

}  // namespace mayfly
