// WorkQueue: work for several threads. Thread: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace mayfly {

template <class Work>
class WorkQueue {
 public:
  explicit WorkQueue(std::size_t most) : most_(most) {}

  /// Waits for room.
  void push(Work work) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return works_.size() < most_; });
    works_.push_back(std::move(work));
    changed_.notify_all();
  }
  /// Without waiting: of a thread that takes work itself.
  void push_first(Work work) {
    const std::lock_guard lock(mutex_);
    works_.push_front(std::move(work));
    changed_.notify_all();
  }
  /// Nothing more will be pushed by those who wait for room.
  void close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }
  /// Waits for work; nothing: the queue is closed and empty.
  std::optional<Work> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_closed_ || !works_.empty(); });
    return works_.empty() ? std::nullopt : take_first();
  }
  /// Without waiting; nothing: there is none now.
  std::optional<Work> pop_now() {
    const std::lock_guard lock(mutex_);
    return works_.empty() ? std::nullopt : take_first();
  }

 private:
  std::optional<Work> take_first() {
    std::optional<Work> work(std::move(works_.front()));
    works_.pop_front();
    changed_.notify_all();
    return work;
  }

  std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> works_;
  bool is_closed_ = false;
};

}  // namespace mayfly
