#include "storage/memory_tier.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mayfly {
namespace {

/// Write-backs at a time: enough to keep a drive busy with whole sections, and with single pages.
constexpr std::array<std::size_t, kBufferClasses> kInFlight = {8, 32, 32};
constexpr Nanoseconds kOld = std::chrono::seconds(5);
constexpr Nanoseconds kBetweenLooks = std::chrono::seconds(1);

}  // namespace

MemoryTier::MemoryTier(EventLoop& loop, BufferPool& pool, Writer& writer)
    : loop_(loop), pool_(pool), writer_(writer), ageing_(loop, &MemoryTier::look_for_old, this) {
  for (const BufferClass c : {BufferClass::large, BufferClass::small, BufferClass::page}) {
    Class& state = classes_[index(c)];
    state.most_dirty = std::max<std::uint64_t>(1, pool.total(c) * 3 / 4);
    state.room = std::make_unique<Semaphore>(state.most_dirty);
  }
  pool_.set_reclaimer(this);
}

MemoryTier::~MemoryTier() { pool_.set_reclaimer(nullptr); }

void MemoryTier::add(Block& block) {
  cached_bytes_ += block.memory.size();
  list(block);
}

void MemoryTier::forget(Block& block) {
  block.unlink();
  cached_bytes_ -= block.memory.size();
}

void MemoryTier::touch(Block& block) {
  if (!block.room) list(block);
}

void MemoryTier::list(Block& block) {
  block.unlink();
  if (block.in_flight) return;
  Class& state = class_of(block);
  (block.room ? state.dirty : state.clean).push_back(&block);
}

SharedBuffer MemoryTier::exchange(Block& block, SharedBuffer memory) {
  cached_bytes_ += memory.size() - block.memory.size();
  if (block.in_flight) --class_of(block).in_flight;
  std::swap(block.memory, memory);
  if (block.in_flight) ++class_of(block).in_flight;
  list(block);
  return memory;
}

void MemoryTier::mark_dirty(Block& block, PageRange pages, std::optional<Semaphore::Permit> room) {
  const bool is_known = block.room && !room;
  dirty_pages_ += pages.pages() - block.dirty.count(pages);
  block.valid.insert(pages);
  block.dirty.insert(pages);
  if (room) block.room = std::move(room);
  MAYFLY_ASSERT(block.room);
  if (is_known) return;
  block.dirty_since = loop_.now();
  list(block);
  if (!ageing_.armed()) ageing_.arm(block.dirty_since + kBetweenLooks);
  write_some(index(block.memory.size_class()), Which::surplus);
}

void MemoryTier::drop(Block& block, PageRange pages) {
  dirty_pages_ -= block.dirty.count(pages);
  block.valid.erase(pages);
  block.dirty.erase(pages);
  if (!block.room || !block.dirty.empty()) return;
  block.room.reset();
  list(block);
}

MemoryTier::Dirty MemoryTier::take_dirty(Block& block) {
  Dirty dirty{std::exchange(block.dirty, PageSet()), std::exchange(block.room, std::nullopt)};
  dirty_pages_ -= dirty.pages.count({0, block.pages()});
  block.unlink();
  if (!std::exchange(block.in_flight, true)) ++class_of(block).in_flight;
  return dirty;
}

void MemoryTier::settle(Block& block) {
  Class& state = class_of(block);
  const BufferClass size_class = block.memory.size_class();
  if (std::exchange(block.in_flight, false)) --state.in_flight;
  list(block);
  offer(size_class);
  write_some(index(size_class), Which::surplus);
}

bool MemoryTier::is_idle(Block& block) const {
  return !block.room && !block.in_flight && !block.memory.has_other_holders() &&
         block.transfers.available() == 1;
}

void MemoryTier::reclaim(BufferClass size_class) {
  Class& state = classes_[index(size_class)];
  constexpr int kTries = 64;
  for (int tried = 0; tried < kTries; ++tried) {
    Block* const oldest = state.clean.front();
    if (oldest == nullptr) break;
    if (is_idle(*oldest)) return writer_.evict(*oldest);
    // Lent or filled just now, which is a use.
    list(*oldest);
  }
  write_some(index(size_class), Which::any);
}

bool MemoryTier::wants_clean(std::size_t c) const {
  const Class& state = classes_[c];
  const std::uint64_t dirty = state.most_dirty - state.room->available();
  return dirty > state.most_dirty / 3 || state.room->has_waiters() ||
         pool_.has_waiters(static_cast<BufferClass>(c));
}

void MemoryTier::write_some(std::size_t c, Which which) {
  Class& state = classes_[c];
  const TimePoint young = which == Which::old ? loop_.now() - kOld : TimePoint();
  while (state.in_flight < kInFlight[c] && (which != Which::surplus || wants_clean(c))) {
    Block* const block = state.dirty.front();
    if (block == nullptr || (which == Which::old && block->dirty_since > young)) return;
    block->unlink();
    block->in_flight = true;
    ++state.in_flight;
    writer_.write_back(*block);
  }
}

void MemoryTier::look_for_old(void* self) {
  auto& tier = *static_cast<MemoryTier*>(self);
  bool is_any_dirty = false;
  for (std::size_t c = 0; c < kBufferClasses; ++c) {
    tier.write_some(c, Which::old);
    is_any_dirty |= !tier.classes_[c].dirty.empty();
  }
  if (is_any_dirty) tier.ageing_.arm(tier.loop_.now() + kBetweenLooks);
}

}  // namespace mayfly
