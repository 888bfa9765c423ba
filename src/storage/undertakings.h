// Undertakings: tasks that are carried through once they have begun, even when nobody waits for
// them any more.
//
// A write that stopped half-way would leave its pages locked by nobody while the drive still works
// on them. So whoever waits may be destroyed at any moment; the task runs on and its result is
// dropped. Owner: the store, whose end cancels what is left. Thread: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "async/from_frame_pool.h"
#include "async/task.h"
#include "base/intrusive_list.h"

namespace mayfly {

template <class T>
class Undertakings {
  struct Entry final : ListHook, TaskObserver, FromFramePool {
    Entry(Undertakings& owner, Task<T> work) : owner(owner), task(std::move(work)) {}
    void finished() noexcept override {
      result.emplace(task.take());
      if (waiter != nullptr) {
        waiter->schedule();
      } else if (abandoned) {
        // Its frame is still running; what it holds is dropped at once, it itself a little later.
        result.reset();
        unlink();
        owner.finished_.push_back(this);
      }
    }
    Undertakings& owner;
    Task<T> task;
    std::optional<T> result;
    Resumption* waiter = nullptr;
    bool abandoned = false;
  };

 public:
  Undertakings() = default;
  Undertakings(const Undertakings&) = delete;
  Undertakings& operator=(const Undertakings&) = delete;
  ~Undertakings() {
    free_finished();
    while (Entry* entry = running_.pop_front()) delete entry;
  }

  class Awaiter {
   public:
    explicit Awaiter(std::unique_ptr<Entry> entry) : entry_(std::move(entry)) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (entry_ == nullptr || entry_->result) return;
      entry_->waiter = nullptr;
      entry_->abandoned = true;
      Entry* entry = entry_.release();
      entry->owner.running_.push_back(entry);
    }
    bool await_ready() {
      entry_->task.start(entry_.get());
      if (entry_->task.done()) entry_->finished();
      return entry_->result.has_value();
    }
    void await_suspend(std::coroutine_handle<> handle) {
      resumption_.suspend(handle);
      entry_->waiter = &resumption_;
    }
    T await_resume() { return std::move(*entry_->result); }

   private:
    std::unique_ptr<Entry> entry_;
    Resumption resumption_;
  };
  /// Starts `task`, whose result nobody waits for.
  void undertake(Task<T> task) {
    free_finished();
    auto entry = std::make_unique<Entry>(*this, std::move(task));
    entry->abandoned = true;
    entry->task.start(entry.get());
    if (!entry->task.done()) running_.push_back(entry.release());
  }
  /// Starts `task`; co_await gives its result.
  Awaiter carry_through(Task<T> task) {
    free_finished();
    return Awaiter(std::make_unique<Entry>(*this, std::move(task)));
  }

 private:
  void free_finished() {
    while (Entry* entry = finished_.pop_front()) delete entry;
  }

  IntrusiveList<Entry> running_;
  IntrusiveList<Entry> finished_;
};

}  // namespace mayfly
