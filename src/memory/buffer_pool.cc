#include "memory/buffer_pool.h"

#include <algorithm>

namespace mayfly {

std::uint64_t Buffer::slab_offset() const {
  return static_cast<std::uint64_t>(data_ - pool_->slab().data());
}

void Buffer::release() {
  if (pool_ != nullptr) std::exchange(pool_, nullptr)->give_back(data_, class_);
}

BufferPool::Counts BufferPool::plan(std::size_t slab_bytes) {
  MAYFLY_ASSERT(slab_bytes >= 2 * kMiB);
  const std::size_t page = std::max<std::size_t>(1, slab_bytes / 16 / kBufferBytes[2]);
  const std::size_t small = std::max<std::size_t>(1, slab_bytes / 16 / kBufferBytes[1]);
  const std::size_t left = slab_bytes - page * kBufferBytes[2] - small * kBufferBytes[1];
  return {left / kBufferBytes[0], small, page};
}

BufferPool::BufferPool(std::span<std::byte> slab, Counts counts) : slab_(slab), counts_(counts) {
  std::byte* next = slab.data();
  for (std::size_t c = 0; c < kBufferClasses; ++c) {
    free_[c].reserve(counts[c]);
    holders_[c].resize(counts[c]);
    first_[c] = next;
    for (std::size_t i = 0; i < counts[c]; ++i, next += kBufferBytes[c]) free_[c].push_back(next);
    std::reverse(free_[c].begin(), free_[c].end());
  }
  MAYFLY_ASSERT(next <= slab.data() + slab.size());
}

BufferPool::~BufferPool() {
  for (std::size_t c = 0; c < kBufferClasses; ++c) MAYFLY_ASSERT(free_[c].size() == counts_[c]);
}

Buffer BufferPool::try_acquire(BufferClass size_class) {
  auto& free = free_[index(size_class)];
  if (!waiters_[index(size_class)].empty()) return {};
  if (free.empty() && reclaimer_ != nullptr) reclaimer_->reclaim(size_class);
  if (free.empty()) return {};
  std::byte* data = free.back();
  free.pop_back();
  return Buffer(this, data, size_class);
}

void BufferPool::give_back(std::byte* data, BufferClass size_class) {
  Awaiter* first = waiters_[index(size_class)].pop_front();
  if (first == nullptr) {
    free_[index(size_class)].push_back(data);
    return;
  }
  first->granted_ = Buffer(this, data, size_class);
  first->resumption_.schedule();
}

std::uint32_t& BufferPool::holders(const std::byte* data, BufferClass size_class) {
  const std::size_t c = index(size_class);
  return holders_[c][static_cast<std::size_t>(data - first_[c]) / kBufferBytes[c]];
}

void BufferPool::let_go(std::byte* data, BufferClass size_class) {
  const std::uint32_t left = --holders(data, size_class);
  if (left == 0) return give_back(data, size_class);
  if (left == 1 && reclaimer_ != nullptr && has_waiters(size_class)) {
    reclaimer_->reclaim(size_class);
  }
}

bool BufferPool::Awaiter::await_ready() {
  granted_ = pool_.try_acquire(class_);
  return static_cast<bool>(granted_);
}

void BufferPool::Awaiter::await_suspend(std::coroutine_handle<> handle) {
  resumption_.suspend(handle);
  pool_.waiters_[BufferPool::index(class_)].push_back(this);
}

}  // namespace mayfly
