// What both sides say of locks.
#pragma once

#include <compare>
#include <cstdint>

namespace mayfly {

/// Which locks do not see each other, as on Linux: fcntl's and flock's.
enum class LockKind : std::uint32_t { range, whole };
enum class LockType : std::uint32_t { shared, exclusive, none };

/// The last byte of a range that reaches to wherever the file will end.
inline constexpr std::uint64_t kLockToTheEnd = ~std::uint64_t{0};

/// Who has locks: a process, or an open handle of it. Names of all clients differ.
struct LockOwner {
  std::uint64_t client = 0;
  std::uint64_t id = 0;
  friend auto operator<=>(const LockOwner&, const LockOwner&) = default;
};
static_assert(sizeof(LockOwner) == 16);

}  // namespace mayfly
