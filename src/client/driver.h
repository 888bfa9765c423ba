// Driver: runs tasks on a session's loop from any thread, without a thread of its own.
//
// A thread that has an operation starts it under the lock. One of the waiting threads turns the
// loop for all; it lets go of the lock while it sleeps and whenever another thread wants to start
// an operation. When its own operation is done it leaves the loop to another waiter. Owner: the
// session. Thread: any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "async/event_loop.h"
#include "async/poll_sleeper.h"

namespace mayfly {

class Driver {
 public:
  Driver(EventLoop& loop, Sleeper& sleeper);
  ~Driver();
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// A task under way. Thread: start and wait may be called from different ones.
  template <class T>
  class Operation final : public TaskObserver {
   public:
    explicit Operation(Task<T> task) : task_(std::move(task)) {}
    void finished() noexcept override { wake_.notify_all(); }

   private:
    friend class Driver;
    Task<T> task_;
    std::condition_variable wake_;
  };

  template <class T>
  void start(Operation<T>& operation) {
    const Lock lock(*this);
    start_locked(operation);
  }

  template <class T>
  T wait(Operation<T>& operation) {
    Lock lock(*this);
    return wait_locked(operation, lock);
  }

  /// Starts `task` and waits for its result.
  template <class T>
  T run(Task<T> task) {
    Operation<T> operation(std::move(task));
    Lock lock(*this);
    start_locked(operation);
    return wait_locked(operation, lock);
  }

  /// Tasks since the beginning.
  std::uint64_t started() const { return started_.load(std::memory_order_relaxed); }

 private:
  struct Lock {
    explicit Lock(Driver& driver) : lock(driver.mutex_, std::try_to_lock) {
      if (lock.owns_lock()) return;
      driver.contenders_.fetch_add(1, std::memory_order_relaxed);
      lock.lock();
      driver.contenders_.fetch_sub(1, std::memory_order_relaxed);
    }
    std::unique_lock<std::mutex> lock;
  };

  template <class T>
  void start_locked(Operation<T>& operation) {
    started_.fetch_add(1, std::memory_order_relaxed);
    const ReadyQueue::Scope scope(loop_.ready());
    operation.task_.start(&operation);
    // What was sent may need more turns of the loop than the sleeping thread was going to make.
    if (sleeping_) wake();
  }
  template <class T>
  T wait_locked(Operation<T>& operation, Lock& lock) {
    while (!operation.task_.done()) turn(lock.lock, operation.wake_);
    if (!driving_ && !waiters_.empty()) waiters_.back()->notify_one();
    const ReadyQueue::Scope scope(loop_.ready());
    return operation.task_.take();
  }

  /// One turn of the loop, or a wait until the thread that turns it says more.
  void turn(std::unique_lock<std::mutex>& lock, std::condition_variable& wake);
  /// Spins, yields or sleeps, as nothing has happened.
  void rest(std::unique_lock<std::mutex>& lock);
  void sleep(std::unique_lock<std::mutex>& lock);
  void wake();

  EventLoop& loop_;
  Sleeper& sleeper_;
  std::mutex mutex_;
  std::atomic<int> contenders_{0};
  std::atomic<std::uint64_t> started_{0};
  bool driving_ = false;
  bool sleeping_ = false;
  bool woken_ = false;  ///< wake_fd_ is readable
  int wake_fd_;
  std::vector<std::condition_variable*> waiters_;
  std::vector<int> fds_;
};

}  // namespace mayfly
