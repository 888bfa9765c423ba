// Sizes as people write them: 4096, 64K, 1.5G, 2MiB. All units are binary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

/// The page of the device, of direct I/O and of the extent allocator, in bytes.
inline constexpr std::uint64_t kPageBytes = 4096;

constexpr std::uint64_t round_down(std::uint64_t value, std::uint64_t unit) {
  return value / unit * unit;
}
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return round_down(value + unit - 1, unit);
}

/// Bytes of "64K", "1.5GiB", "4096"; Errc::invalid for anything else or past 2^63.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// "1.5 GiB" for 1610612736.
std::string format_bytes(std::uint64_t bytes);

}  // namespace mayfly
