// FromFramePool: a base of objects that `new` is to take from the FramePool. They are deleted as
// what they are.
#pragma once

#include "async/frame_pool.h"

namespace mayfly {

struct FromFramePool {
  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* place, std::size_t bytes) noexcept {
    FramePool::release(place, bytes);
  }
};

}  // namespace mayfly
