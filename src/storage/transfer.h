// Transfer: what an operation that took a Buffer gives back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/result.h"
#include "memory/buffer_pool.h"

namespace mayfly {

/// A Buffer given back by the operation that took it, how many bytes were moved, and how many pages
/// of a store that took. (A class with a constructor: g++ 12 destroys aggregates in co_await
/// expressions twice.)
class Transfer {
 public:
  Transfer(Buffer buffer, Result<std::size_t> bytes, std::uint64_t pages_taken = 0)
      : buffer(std::move(buffer)), bytes(std::move(bytes)), pages_taken(pages_taken) {}
  Buffer buffer;
  Result<std::size_t> bytes;
  std::uint64_t pages_taken;
};

}  // namespace mayfly
