// Broken invariants end the process, in release builds too: a wrong byte is worse than a dead
// server.
#pragma once

namespace mayfly {

/// Prints the broken invariant to stderr and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace mayfly

#define MAYFLY_ASSERT(condition)      \
  (__builtin_expect(!!(condition), 1) \
       ? static_cast<void>(0)         \
       : ::mayfly::assertion_failed(#condition, __FILE__, __LINE__))
