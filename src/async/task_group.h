// TaskGroup: many tasks at once, joined with the first error.
//
// Owner: a frame or object that outlives the join. Destroying the group cancels what still runs.
// Thread: the loop's. Order: tasks start in add(), in order; errors are kept in order of arrival.
#pragma once

#include <list>

#include "async/frame_pool.h"
#include "async/task.h"
#include "base/result.h"

namespace mayfly {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts `task` at once.
  void add(Task<Status> task) {
    Member& member = members_.emplace_back(*this, std::move(task));
    ++running_;
    member.task.start(&member);
    if (member.task.done()) member.finished();
  }

  class Awaiter {
   public:
    explicit Awaiter(TaskGroup& group) : group_(group) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (group_.joiner_ == &resumption_) group_.joiner_ = nullptr;
    }
    bool await_ready() const { return group_.running_ == 0; }
    void await_suspend(std::coroutine_handle<> handle) {
      resumption_.suspend(handle);
      group_.joiner_ = &resumption_;
    }
    Status await_resume() {
      group_.members_.clear();
      return std::exchange(group_.outcome_, Status());
    }

   private:
    TaskGroup& group_;
    Resumption resumption_;
  };
  /// Waits for all; gives the first error. The group can then be used again.
  Awaiter join() { return Awaiter(*this); }

 private:
  struct Member final : TaskObserver {
    Member(TaskGroup& owner, Task<Status> work) : group(owner), task(std::move(work)) {}
    void finished() noexcept override {
      const Status status = task.take();
      if (!status && group.outcome_) group.outcome_ = status;
      if (--group.running_ == 0 && group.joiner_ != nullptr) group.joiner_->schedule();
    }
    TaskGroup& group;
    Task<Status> task;
  };

  std::list<Member, FramePoolAllocator<Member>> members_;
  std::size_t running_ = 0;
  Status outcome_;
  Resumption* joiner_ = nullptr;
};

}  // namespace mayfly
