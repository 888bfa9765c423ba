// The ready queue: coroutines that can go on. Completions only push here; the loop resumes.
#pragma once

#include <coroutine>
#include <cstddef>

#include "base/intrusive_list.h"

namespace mayfly {

class ReadyQueue;

/// A suspended coroutine's place in its loop's ready queue. It lives in the awaiter; when the
/// coroutine is destroyed, the awaiter takes it out of the queue.
class Resumption : public ListHook {
 public:
  /// Remembers who is to be resumed, in the ready queue of the loop that is running now.
  void suspend(std::coroutine_handle<> handle);
  /// Queues the coroutine; does nothing if it is queued already.
  void schedule();
  bool is_suspended() const { return handle_ != nullptr; }

 private:
  friend class ReadyQueue;
  std::coroutine_handle<> handle_;
  ReadyQueue* queue_ = nullptr;
};

class ReadyQueue {
 public:
  bool empty() const { return ready_.empty(); }
  void push(Resumption* resumption) { ready_.push_back(resumption); }
  /// Resumes all that were ready at the call (not those that they make ready); returns their
  /// number.
  std::size_t run();

  /// The queue of the loop that this thread is running; null outside of any loop.
  static ReadyQueue* current() { return current_; }

  /// Makes `queue` the current one of this thread for the scope's life.
  class Scope {
   public:
    explicit Scope(ReadyQueue& queue) : previous_(current_) { current_ = &queue; }
    ~Scope() { current_ = previous_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    ReadyQueue* previous_;
  };

 private:
  static thread_local ReadyQueue* current_;
  IntrusiveList<Resumption> ready_;
};

inline void Resumption::suspend(std::coroutine_handle<> handle) {
  handle_ = handle;
  queue_ = ReadyQueue::current();
  MAYFLY_ASSERT(queue_ != nullptr);
}

inline void Resumption::schedule() {
  if (!is_linked()) queue_->push(this);
}

}  // namespace mayfly
