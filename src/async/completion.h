// Completion: one event that happens once, with an integer result, and at most one waiter.
//
// Owner: the operation. It outlives the hardware's use of it (an operation in flight is owned by
//   its ring or worker, never by a coroutine frame). Thread: the loop's. complete() may come
//   before, while or after somebody waits; a waiter that is destroyed simply no longer hears of
//   it.
#pragma once

#include <cstdint>

#include "async/resumption.h"

namespace mayfly {

class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void complete(std::int64_t result) {
    MAYFLY_ASSERT(!done_);
    done_ = true;
    result_ = result;
    if (waiter_ != nullptr) waiter_->schedule();
  }
  bool done() const { return done_; }
  std::int64_t result() const { return result_; }

  class Awaiter {
   public:
    explicit Awaiter(Completion& completion) : completion_(completion) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (suspended_) completion_.waiter_ = nullptr;
    }
    bool await_ready() const noexcept { return completion_.done_; }
    void await_suspend(std::coroutine_handle<> handle) {
      MAYFLY_ASSERT(completion_.waiter_ == nullptr);
      suspended_ = true;
      resumption_.suspend(handle);
      completion_.waiter_ = &resumption_;
    }
    std::int64_t await_resume() const noexcept { return completion_.result_; }

   private:
    Completion& completion_;
    Resumption resumption_;
    bool suspended_ = false;
  };
  /// Gives the result. The Completion must outlive the awaiter.
  Awaiter operator co_await() { return Awaiter(*this); }

 private:
  Resumption* waiter_ = nullptr;
  std::int64_t result_ = 0;
  bool done_ = false;
};

}  // namespace mayfly
