// Semaphore: permits handed out in FIFO order.
//
// A released permit goes straight to the longest waiter, so nobody barges in and no wake-up is
// lost; a newcomer waits behind those who are there even if its smaller wish could be met. A waiter
// that is destroyed gives back what it had been handed. Thread: the loop's. Bound: the waiters are
// coroutines, bounded by whoever starts them.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "async/resumption.h"

namespace mayfly {

class Semaphore {
 public:
  explicit Semaphore(std::uint64_t permits) : available_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  ~Semaphore() { MAYFLY_ASSERT(waiters_.empty()); }

  /// Permits held; given back at the end of its life.
  class Permit {
   public:
    Permit() = default;
    Permit(Semaphore& semaphore, std::uint64_t count) : semaphore_(&semaphore), count_(count) {}
    Permit(Permit&& other) noexcept
        : semaphore_(std::exchange(other.semaphore_, nullptr)), count_(other.count_) {}
    Permit& operator=(Permit&& other) noexcept {
      if (this != &other) {
        release();
        semaphore_ = std::exchange(other.semaphore_, nullptr);
        count_ = other.count_;
      }
      return *this;
    }
    ~Permit() { release(); }
    void release() {
      if (semaphore_ != nullptr) std::exchange(semaphore_, nullptr)->release(count_);
    }

   private:
    Semaphore* semaphore_ = nullptr;
    std::uint64_t count_ = 0;
  };

  class Awaiter : public ListHook {
   public:
    Awaiter(Semaphore& semaphore, std::uint64_t count) : semaphore_(semaphore), count_(count) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      const bool left_the_queue = is_linked();
      unlink();
      if (granted_) semaphore_.release(count_);
      if (left_the_queue) semaphore_.hand_out();
    }
    bool await_ready() {
      if (!semaphore_.waiters_.empty() || semaphore_.available_ < count_) return false;
      semaphore_.available_ -= count_;
      granted_ = true;
      return true;
    }
    void await_suspend(std::coroutine_handle<> handle) {
      resumption_.suspend(handle);
      semaphore_.waiters_.push_back(this);
    }
    Permit await_resume() {
      granted_ = false;
      return Permit(semaphore_, count_);
    }

   private:
    friend class Semaphore;
    Semaphore& semaphore_;
    std::uint64_t count_;
    bool granted_ = false;
    Resumption resumption_;
  };
  /// Waits for `count` permits; `count` above the semaphore's total waits for ever.
  Awaiter acquire(std::uint64_t count = 1) { return Awaiter(*this, count); }

  /// The permits if they are there and nobody waits.
  std::optional<Permit> try_acquire(std::uint64_t count = 1) {
    if (!waiters_.empty() || available_ < count) return std::nullopt;
    available_ -= count;
    return Permit(*this, count);
  }

  std::uint64_t available() const { return available_; }
  bool has_waiters() const { return !waiters_.empty(); }

 private:
  friend class Awaiter;
  void release(std::uint64_t count) {
    available_ += count;
    hand_out();
  }
  void hand_out() {
    for (Awaiter* first = waiters_.front(); first != nullptr && first->count_ <= available_;
         first = waiters_.front()) {
      waiters_.pop_front();
      available_ -= first->count_;
      first->granted_ = true;
      first->resumption_.schedule();
    }
  }

  std::uint64_t available_;
  IntrusiveList<Awaiter> waiters_;
};

}  // namespace mayfly
