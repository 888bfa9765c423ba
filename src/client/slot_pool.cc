#include "client/slot_pool.h"

namespace mayfly {

/// Suspends until a slot may be had, without promising that it still is.
struct SlotPool::Waiter : ListHook {
  explicit Waiter(SlotPool& pool) : owner(pool) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    resumption.suspend(handle);
    owner.waiters_.push_back(this);
  }
  void await_resume() const {}

  SlotPool& owner;
  Resumption resumption;
};

Task<Result<SlotPool::Lease>> SlotPool::acquire() {
  for (;;) {
    forget_other_connections();
    if (!free_.empty()) {
      const std::uint64_t slot = free_.back();
      free_.pop_back();
      co_return Lease(*this, slot, free_cookie_);
    }
    RequestHeader header;
    header.opcode = Opcode::lease_slot;
    header.epoch = kAnyEpoch;
    const Status opened = co_await channel_.open();
    if (!opened) {
      wake_one();
      co_return opened.error();
    }
    const std::uint64_t cookie = channel_.cookie();
    auto reply = co_await channel_.call(header);
    const Status leased = reply ? reply->status() : Status(reply.error());
    if (leased) co_return Lease(*this, reply->header.value, cookie);
    if (leased.error() != Errc::busy) {
      // Whoever waits for one of our writes to end may wait for one that failed like this.
      wake_one();
      co_return leased.error();
    }
    // Our share is in use by our own writes; one of them may have ended while the answer came.
    if (!free_.empty()) continue;
    Waiter waiter(*this);
    co_await waiter;
  }
}

void SlotPool::forget_other_connections() {
  // The slots of a connection that is gone went with it.
  if (free_cookie_ == channel_.cookie()) return;
  free_cookie_ = channel_.cookie();
  free_.clear();
}

void SlotPool::keep(std::uint64_t slab_offset, std::uint64_t cookie) {
  forget_other_connections();
  if (cookie == free_cookie_) free_.push_back(slab_offset);
  wake_one();
}

void SlotPool::write_off() { wake_one(); }

void SlotPool::wake_one() {
  if (Waiter* waiter = waiters_.pop_front()) waiter->resumption.schedule();
}

void SlotPool::release(std::uint64_t slot) {
  RequestHeader header;
  header.opcode = Opcode::release_slot;
  header.epoch = kAnyEpoch;
  header.argument = slot;
  channel_.notify(header);
}

void SlotPool::release_all() {
  forget_other_connections();
  for (const std::uint64_t slot : free_) release(slot);
  free_.clear();
}

}  // namespace mayfly
