// Transfer: what an operation that took a Buffer gives back.
#pragma once

#include <cstddef>
#include <utility>

#include "base/result.h"
#include "memory/buffer_pool.h"

namespace mayfly {

/// A Buffer given back by the operation that took it, and how many bytes were moved. (A class with
/// a constructor: g++ 12 destroys aggregates in co_await expressions twice.)
class Transfer {
 public:
  Transfer(Buffer buffer, Result<std::size_t> bytes)
      : buffer(std::move(buffer)), bytes(std::move(bytes)) {}
  Buffer buffer;
  Result<std::size_t> bytes;
};

}  // namespace mayfly
