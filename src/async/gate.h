// Gate: counts what is inside and lets a shutdown wait until all have left.
//
// Thread: the loop's. After close() nobody enters; closed() resumes its one waiter when the last
// pass has been given back.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "async/resumption.h"

namespace mayfly {

class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { MAYFLY_ASSERT(inside_ == 0); }

  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) { ++gate.inside_; }
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_;
  };

  /// A pass, or nothing once the gate is closed.
  std::optional<Pass> enter() { return open_ ? std::optional<Pass>(*this) : std::nullopt; }
  void close() { open_ = false; }
  std::size_t inside() const { return inside_; }

  class Awaiter {
   public:
    explicit Awaiter(Gate& gate) : gate_(gate) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (gate_.waiter_ == &resumption_) gate_.waiter_ = nullptr;
    }
    bool await_ready() const { return gate_.inside_ == 0; }
    void await_suspend(std::coroutine_handle<> handle) {
      MAYFLY_ASSERT(gate_.waiter_ == nullptr);
      resumption_.suspend(handle);
      gate_.waiter_ = &resumption_;
    }
    void await_resume() const {}

   private:
    Gate& gate_;
    Resumption resumption_;
  };
  /// Closes the gate and waits until nobody is inside.
  Awaiter closed() {
    close();
    return Awaiter(*this);
  }

 private:
  void leave() {
    if (--inside_ == 0 && !open_ && waiter_ != nullptr) waiter_->schedule();
  }

  std::size_t inside_ = 0;
  bool open_ = true;
  Resumption* waiter_ = nullptr;
};

}  // namespace mayfly
