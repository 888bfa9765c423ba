// reserve_aligned_room: address space from a huge page's beginning on.
#pragma once

#include <cstddef>

namespace mayfly {

/// `bytes`, whole huge pages, mapped with `protection`, of nobody's memory yet; null if there are
/// none. The caller's to unmap, in parts too. Thread: any.
std::byte* reserve_aligned_room(std::size_t bytes, int protection);

}  // namespace mayfly
