// Sealed bytes: a length and a checksum in front of bytes that a library will trust blindly.
//
// UCX walks addresses and rkeys without looking where they end. What comes from a peer is unsealed
// first, so a truncated or mangled message is an error here and not a crash there. It guards
// against accidents; forgers do not get past the session's secret.
#pragma once

#include <vector>

#include "base/result.h"
#include "transport/message.h"

namespace mayfly {

inline constexpr std::size_t kSealBytes = 16;

/// What is inside; two kinds are never taken for one another.
enum class SealKind : std::uint16_t {
  ucx_address = 1,
  ucx_memory,
  ucx_lane,
  loopback_address,
  loopback_memory
};

std::vector<std::byte> seal(SealKind kind, Bytes content);
/// The content of `sealed`, which must be exactly one seal of `kind`; bad_message if it is not.
Result<Bytes> unseal(SealKind kind, Bytes sealed);
/// The number of bytes of the seal that `bytes` begin with; bad_message if they are too few.
Result<std::size_t> sealed_size(Bytes bytes);

}  // namespace mayfly
