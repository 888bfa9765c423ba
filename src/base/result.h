// Result<T>: a value or an error. Errors are values and are never dropped: the type is nodiscard.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/errc.h"

namespace mayfly {

/// What a user is told: an errno and one sentence that says what failed, where, and what to do.
struct Failure {
  Errc code;
  std::string sentence;
};

/// A `T` or an `E`. Reading the side that is not there aborts.
template <class T, class E = Errc>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: by design
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: by design

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    MAYFLY_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    MAYFLY_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    MAYFLY_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    MAYFLY_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

/// Success, or an `E`.
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() : state_(std::in_place_index<0>) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: by design

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  const E& error() const {
    MAYFLY_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<std::monostate, E> state_;
};

/// The outcome of an operation that gives nothing back.
using Status = Result<void>;

/// A Status as an errno; 0 for success.
inline Errc to_errc(const Status& status) { return status ? Errc::ok : status.error(); }
template <class T>
Errc to_errc(const Result<T>& result) {
  return result ? Errc::ok : result.error();
}

/// The Status of an errno; success for 0.
inline Status to_status(Errc code) { return code == Errc::ok ? Status() : Status(code); }

}  // namespace mayfly

// Leaves the function with the error of `expr`, or names its value. `return` and `co_return` need
// one form each; statement expressions are not an option (g++ 12 miscompiles co_await in them).
#define MAYFLY_TRY(name, expr)                      \
  auto name##_result = (expr);                      \
  if (!name##_result) return name##_result.error(); \
  auto& name = *name##_result
#define MAYFLY_CO_TRY(name, expr)                      \
  auto name##_result = (expr);                         \
  if (!name##_result) co_return name##_result.error(); \
  auto& name = *name##_result
#define MAYFLY_CHECKED(expr) \
  if (auto checked_ = (expr); !checked_) return checked_.error()
#define MAYFLY_CO_CHECKED(expr) \
  if (auto checked_ = (expr); !checked_) co_return checked_.error()
