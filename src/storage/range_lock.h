// RangeLock: who may touch which pages of a chunk.
//
// Shared for reads, exclusive for writes and cuts. Requests that overlap are served in the order in
// which they came, so nobody barges in and nobody starves; requests apart from each other do not
// wait. A waiter that is destroyed leaves the queue, a Guard that is destroyed unlocks.
// Thread: the loop's. Bound: one entry per operation on the chunk.
#pragma once

#include <list>
#include <utility>

#include "async/frame_pool.h"
#include "async/resumption.h"
#include "storage/page_range.h"

namespace mayfly {

enum class LockMode : std::uint8_t { shared, exclusive };

class RangeLock {
  struct Entry {
    PageRange pages;
    LockMode mode;
    bool held;
    Resumption* waiter;
  };
  using Entries = std::list<Entry, FramePoolAllocator<Entry>>;
  using Place = Entries::iterator;

 public:
  RangeLock() = default;
  RangeLock(const RangeLock&) = delete;
  RangeLock& operator=(const RangeLock&) = delete;
  ~RangeLock() { MAYFLY_ASSERT(entries_.empty()); }

  class Guard {
   public:
    Guard() = default;
    Guard(Guard&& other) noexcept
        : lock_(std::exchange(other.lock_, nullptr)), place_(other.place_) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (lock_ != nullptr) lock_->leave(place_);
    }

   private:
    friend class RangeLock;
    Guard(RangeLock* lock, Place place) : lock_(lock), place_(place) {}
    RangeLock* lock_ = nullptr;
    Place place_;
  };

  class Awaiter {
   public:
    Awaiter(RangeLock& lock, PageRange pages, LockMode mode)
        : lock_(&lock), place_(lock.enter(pages, mode)) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (lock_ != nullptr) lock_->leave(place_);
    }
    bool await_ready() const { return place_->held; }
    void await_suspend(std::coroutine_handle<> handle) {
      resumption_.suspend(handle);
      place_->waiter = &resumption_;
    }
    Guard await_resume() {
      place_->waiter = nullptr;
      return Guard(std::exchange(lock_, nullptr), place_);
    }

   private:
    RangeLock* lock_;
    Place place_;
    Resumption resumption_;
  };
  /// Takes its place in the order at once; co_await gives the Guard.
  Awaiter acquire(PageRange pages, LockMode mode) { return Awaiter(*this, pages, mode); }

  bool idle() const { return entries_.empty(); }

 private:
  Place enter(PageRange pages, LockMode mode);
  void leave(Place place);
  /// Whether `place` must wait for an entry that came before it.
  bool must_wait(Place place);

  Entries entries_;
};

}  // namespace mayfly
