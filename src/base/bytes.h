// Bytes, MutableBytes: somebody else's memory. Views; owner, thread and time are those of what they
// show.
#pragma once

#include <cstddef>
#include <span>

namespace mayfly {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

}  // namespace mayfly
