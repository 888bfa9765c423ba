// Waiting for a time, and for a task but not longer than until a time.
#pragma once

#include "async/event_loop.h"
#include "base/result.h"

namespace mayfly {

/// Suspends until the loop's clock reaches `at`; destroying the waiter forgets the timer.
class SleepUntil {
 public:
  SleepUntil(EventLoop& loop, TimePoint at)
      : timer_(loop, &wake, &resumption_), loop_(loop), at_(at) {}
  SleepUntil(const SleepUntil&) = delete;
  SleepUntil& operator=(const SleepUntil&) = delete;
  bool await_ready() const { return loop_.now() >= at_; }
  void await_suspend(std::coroutine_handle<> handle) {
    resumption_.suspend(handle);
    timer_.arm(at_);
  }
  void await_resume() const {}

 private:
  static void wake(void* resumption) { static_cast<Resumption*>(resumption)->schedule(); }
  Resumption resumption_;
  Timer timer_;
  EventLoop& loop_;
  TimePoint at_;
};

inline SleepUntil sleep_until(EventLoop& loop, TimePoint at) { return SleepUntil(loop, at); }
inline SleepUntil sleep_for(EventLoop& loop, Nanoseconds time) {
  return SleepUntil(loop, loop.now() + time);
}

/// A task that is cancelled when its time is over.
///
/// `co_await Deadline(loop, at, std::move(task))` gives the task's Result, or Errc::timed_out after
/// the task has been destroyed. What hardware still does for it is owned by its ring or worker.
template <class T>
class Deadline final : public TaskObserver {
 public:
  Deadline(EventLoop& loop, TimePoint at, Task<Result<T>> task)
      : timer_(loop, &expire, this), at_(at), task_(std::move(task)) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    task_.start(this);
    if (task_.done()) return false;
    resumption_.suspend(handle);
    timer_.arm(at_);
    return true;
  }
  Result<T> await_resume() {
    timer_.disarm();
    if (task_.done()) return task_.take();
    task_.reset();
    return Errc::timed_out;
  }
  void finished() noexcept override { resumption_.schedule(); }

 private:
  static void expire(void* self) { static_cast<Deadline*>(self)->resumption_.schedule(); }
  Resumption resumption_;
  Timer timer_;
  TimePoint at_;
  Task<Result<T>> task_;
};

}  // namespace mayfly
