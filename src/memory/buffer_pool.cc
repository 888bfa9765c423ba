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

BufferPool::BufferPool(std::span<std::byte> slab, Counts counts)
    : slab_(slab),
      counts_(counts),
      plan_(counts),
      holders_(slab.size() / kPageBytes),
      cut_(counts[0]),
      most_cuts_(counts[0] / 2) {
  std::byte* next = slab.data();
  for (std::size_t c = 0; c < kBufferClasses; ++c) {
    free_[c].reserve(counts[c]);
    for (std::size_t i = 0; i < counts[c]; ++i, next += kBufferBytes[c]) free_[c].push_back(next);
    std::reverse(free_[c].begin(), free_[c].end());
  }
  MAYFLY_ASSERT(next <= slab.data() + slab.size());
}

BufferPool::~BufferPool() {
  MAYFLY_ASSERT(cuts_ == 0);
  for (std::size_t c = 0; c < kBufferClasses; ++c) MAYFLY_ASSERT(free_[c].size() == counts_[c]);
}

std::size_t BufferPool::most(BufferClass size_class) const {
  const std::size_t planned = plan_[index(size_class)];
  return size_class == BufferClass::large ? planned : planned + most_cuts_ * pieces(size_class);
}

bool BufferPool::has_room(BufferClass size_class) const {
  if (!waiters_[index(size_class)].empty()) return false;
  return free(size_class) != 0 || (size_class != BufferClass::large && may_cut());
}

Buffer BufferPool::try_acquire(BufferClass size_class) {
  if (!waiters_[index(size_class)].empty()) return {};
  if (!has_room(size_class) && reclaimer_ != nullptr) reclaimer_->reclaim(size_class);
  if (!has_room(size_class)) return {};
  if (free(size_class) == 0) cut(size_class);
  return Buffer(this, take(size_class), size_class);
}

void BufferPool::cut(BufferClass size_class) {
  const std::byte* const data = free_[0].back();
  free_[0].pop_back();
  Cut& cut = cut_[static_cast<std::size_t>(data - slab_.data()) / kBufferBytes[0]];
  cut.size_class = size_class;
  const auto count = static_cast<std::uint16_t>(pieces(size_class));
  for (std::uint16_t piece = count; piece-- > 0;) cut.free.push_back(piece);
  with_pieces_[index(size_class)].push_back(&cut);
  free_pieces_[index(size_class)] += count;
  counts_[index(size_class)] += count;
  --counts_[0];
  ++cuts_;
}

std::byte* BufferPool::take(BufferClass size_class) {
  auto& free = free_[index(size_class)];
  if (!free.empty()) {
    std::byte* const data = free.back();
    free.pop_back();
    return data;
  }
  Cut& cut = *with_pieces_[index(size_class)].front();
  const std::size_t piece = cut.free.back();
  cut.free.pop_back();
  if (cut.free.empty()) cut.unlink();
  --free_pieces_[index(size_class)];
  const auto place = static_cast<std::size_t>(&cut - cut_.data());
  return slab_.data() + place * kBufferBytes[0] + piece * kBufferBytes[index(size_class)];
}

BufferPool::Cut* BufferPool::cut_of(const std::byte* data, BufferClass size_class) {
  const std::size_t place = static_cast<std::size_t>(data - slab_.data()) / kBufferBytes[0];
  return size_class == BufferClass::large || place >= cut_.size() ? nullptr : &cut_[place];
}

void BufferPool::give_back_piece(Cut& cut, const std::byte* data) {
  const std::size_t c = index(cut.size_class);
  std::byte* const whole = slab_.data() + (&cut - cut_.data()) * kBufferBytes[0];
  if (cut.free.empty()) with_pieces_[c].push_back(&cut);
  cut.free.push_back(
      static_cast<std::uint16_t>(static_cast<std::size_t>(data - whole) / kBufferBytes[c]));
  ++free_pieces_[c];
  if (cut.free.size() != pieces(cut.size_class)) return;
  cut.unlink();
  free_pieces_[c] -= cut.free.size();
  counts_[c] -= cut.free.size();
  cut.free.clear();
  cut.size_class = BufferClass::large;
  ++counts_[0];
  --cuts_;
  give_back(whole, BufferClass::large);
}

void BufferPool::give_back(std::byte* data, BufferClass size_class) {
  if (has_waiters(size_class)) return hand_over(data, size_class);
  if (Cut* const cut = cut_of(data, size_class)) return give_back_piece(*cut, data);
  free_[index(size_class)].push_back(data);
  if (size_class != BufferClass::large) return;
  cut_for_waiters(BufferClass::small);
  cut_for_waiters(BufferClass::page);
}

void BufferPool::hand_over(std::byte* data, BufferClass size_class) {
  Awaiter* const first = waiters_[index(size_class)].pop_front();
  first->granted_ = Buffer(this, data, size_class);
  first->resumption_.schedule();
}

void BufferPool::cut_for_waiters(BufferClass size_class) {
  while (has_waiters(size_class) && (free(size_class) != 0 || may_cut())) {
    if (free(size_class) == 0) cut(size_class);
    hand_over(take(size_class), size_class);
  }
}

void BufferPool::let_go(std::byte* data, BufferClass size_class) {
  const std::uint32_t left = --holders(data);
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
