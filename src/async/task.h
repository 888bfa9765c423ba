// Task<T>: a coroutine and its result.
//
// Owner: whoever holds the Task; awaiting it moves ownership into the awaiter. Destroying a Task
//   that has not finished cancels it: its frame, with all awaiters in it, is destroyed where it
//   stands.
// Thread: that of the loop it runs in.
// Order: it starts as a plain call at the co_await (g++ 12's symmetric transfer overflows the stack
//   at -O0 and under ASan). A child that finishes at once never suspends its parent; otherwise the
//   parent goes through the ready queue.
// Failure: `T` is a Result where the work can fail. An exception aborts.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "async/frame_pool.h"
#include "async/resumption.h"

namespace mayfly {

/// Who is told that a Task has finished. `finished` must not resume anything inline.
class TaskObserver {
 public:
  virtual void finished() noexcept = 0;

 protected:
  ~TaskObserver() = default;
};

namespace task_detail {

struct PromiseBase {
  TaskObserver* observer = nullptr;

  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    FramePool::release(frame, bytes);
  }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      if (handle.promise().observer != nullptr) handle.promise().observer->finished();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> result;
  std::coroutine_handle<Promise> get_return_object() noexcept {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  template <class U>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T take() { return std::move(*result); }
};

template <>
struct Promise<void> : PromiseBase {
  std::coroutine_handle<Promise> get_return_object() noexcept {
    return std::coroutine_handle<Promise>::from_promise(*this);
  }
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace task_detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  Task(Handle handle) : handle_(handle) {}  // NOLINT: made by the coroutine
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  bool valid() const { return handle_ != nullptr; }
  bool done() const { return handle_ != nullptr && handle_.done(); }

  /// Runs to the first suspension. `observer` may be null; it hears of the end only if the task did
  /// not finish within this call. Call within a loop's scope, once.
  void start(TaskObserver* observer) {
    handle_.resume();
    if (!handle_.done()) handle_.promise().observer = observer;
  }
  /// The result of a task that is done, once.
  T take() {
    MAYFLY_ASSERT(done());
    return handle_.promise().take();
  }
  /// Cancels, or frees what has finished.
  void reset() {
    if (handle_ != nullptr) std::exchange(handle_, nullptr).destroy();
  }

  class Awaiter final : public TaskObserver {
   public:
    explicit Awaiter(Task&& task) : task_(std::move(task)) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
      task_.start(this);
      if (task_.done()) return false;
      resumption_.suspend(parent);
      return true;
    }
    T await_resume() { return task_.take(); }
    void finished() noexcept override { resumption_.schedule(); }

   private:
    Task task_;
    Resumption resumption_;
  };
  Awaiter operator co_await() && { return Awaiter(std::move(*this)); }

 private:
  Handle handle_ = nullptr;
};

}  // namespace mayfly
