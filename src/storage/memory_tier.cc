#include "storage/memory_tier.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace mayfly {
namespace {

/// What blocks on their way count for at the most, see count_of: enough to keep a drive busy with
/// whole sections, and with pages here and there.
constexpr std::array<std::size_t, kBufferClasses> kInFlight = {2048, 256, 256};
constexpr std::uint32_t kSparse = 32;
/// Blocks that set out together: small files stand side by side on the drive, and a write of many
/// of their pages costs little more than a write of one.
constexpr std::array<std::size_t, kBufferClasses> kTogether = {1, 16, 64};
/// Of large ones 8 whole ones go at a time, or 64 with a page each. Of those with much and not
/// everything only two: what their writers have not come to yet is likely to come.
std::uint32_t count_of(const Block& block) {
  const std::uint32_t dirty = block.dirty.count({0, block.pages()});
  switch (block.memory.size_class()) {
    case BufferClass::page:
      return 1;
    case BufferClass::small:
      return 4;
    case BufferClass::large:
      break;
  }
  return block.is_complete() ? dirty : std::clamp<std::uint32_t>(dirty * kSparse, kSparse, 1024);
}

constexpr Nanoseconds kOld = std::chrono::seconds(5);
constexpr Nanoseconds kBetweenLooks = std::chrono::seconds(1);
/// More than it takes to fill the smallest memory, and than a process is kept from its core.
constexpr Nanoseconds kPatience = std::chrono::milliseconds(100);
/// Dirty pages of a section that somebody is filling, and is not writing to here and there.
constexpr std::uint32_t kDense = 64;

}  // namespace

MemoryTier::MemoryTier(EventLoop& loop, BufferPool& pool, Writer& writer)
    : loop_(loop), pool_(pool), writer_(writer), ageing_(loop, &MemoryTier::look_for_old, this) {
  for (const BufferClass c : {BufferClass::large, BufferClass::small, BufferClass::page}) {
    Class& state = classes_[index(c)];
    state.most_dirty = std::max<std::uint64_t>(1, pool.most(c) * 3 / 4);
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
  block.used = ++uses_;
  if (block.in_flight != 0) return;
  Class& state = class_of(block);
  IntrusiveList<Block>& dirty = block.is_complete() ? state.complete : state.partial;
  (block.room ? dirty : state.clean).push_back(&block);
}

SharedBuffer MemoryTier::exchange(Block& block, SharedBuffer memory) {
  cached_bytes_ += memory.size() - block.memory.size();
  class_of(block).in_flight -= block.in_flight;
  std::swap(block.memory, memory);
  class_of(block).in_flight += block.in_flight;
  list(block);
  return memory;
}

void MemoryTier::mark_dirty(Block& block, PageRange pages, std::optional<Semaphore::Permit> room) {
  const bool is_known = block.room && !room;
  const bool was_complete = block.is_complete();
  dirty_pages_ += pages.pages() - block.dirty.count(pages);
  block.valid.insert(pages);
  block.dirty.insert(pages);
  if (room) block.room = std::move(room);
  MAYFLY_ASSERT(block.room);
  if (is_known && was_complete == block.is_complete()) return;
  if (is_known) is_patient_ = true;
  if (!is_known) block.dirty_since = loop_.now();
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
  if (block.in_flight == 0) set_out(block);
  Dirty dirty{std::exchange(block.dirty, PageSet()), std::exchange(block.room, std::nullopt)};
  dirty_pages_ -= dirty.pages.count({0, block.pages()});
  return dirty;
}

void MemoryTier::settle(Block& block) {
  Class& state = class_of(block);
  const BufferClass size_class = block.memory.size_class();
  state.in_flight -= std::exchange(block.in_flight, 0);
  list(block);
  offer(size_class);
  write_some(index(size_class), Which::surplus);
}

bool MemoryTier::is_idle(Block& block) const {
  return !block.room && block.in_flight == 0 && !block.memory.has_other_holders() &&
         block.transfers.available() == 1;
}

Block* MemoryTier::oldest_idle(BufferClass size_class) {
  Class& state = classes_[index(size_class)];
  constexpr int kTries = 64;
  for (int tried = 0; tried < kTries; ++tried) {
    Block* const oldest = state.clean.front();
    if (oldest == nullptr || is_idle(*oldest)) return oldest;
    // Lent or filled just now, which is a use.
    list(*oldest);
  }
  return nullptr;
}

bool MemoryTier::evict_small(const Block* than) {
  // What was used at the same time has been cut from the same Buffer, mostly.
  constexpr int kMost = 512;
  const std::size_t whole = pool_.total(BufferClass::large);
  for (int evicted = 0; evicted < kMost; ++evicted) {
    Block* oldest = oldest_idle(BufferClass::page);
    Block* const small = oldest_idle(BufferClass::small);
    if (oldest == nullptr || (small != nullptr && small->used < oldest->used)) oldest = small;
    if (oldest == nullptr || (than != nullptr && than->used < oldest->used)) return false;
    writer_.evict(*oldest);
    if (pool_.total(BufferClass::large) != whole) return true;
  }
  return false;
}

void MemoryTier::reclaim(BufferClass size_class) {
  Block* const own = oldest_idle(size_class);
  if (size_class == BufferClass::large) {
    if (pool_.has_cuts() && evict_small(own)) return;
  } else if (pool_.may_cut_more()) {
    Block* const large = oldest_idle(BufferClass::large);
    if (large != nullptr && (own == nullptr || large->used < own->used)) {
      return writer_.evict(*large);
    }
  }
  if (own != nullptr) return writer_.evict(*own);
  write_some(index(size_class), Which::any);
}

MemoryTier::Which MemoryTier::reason(std::size_t c, Which which) const {
  if (which != Which::surplus) return which;
  if (pool_.has_waiters(static_cast<BufferClass>(c))) return Which::any;
  return classes_[c].room->has_waiters() ? Which::waited_for : Which::surplus;
}

Block* MemoryTier::next_to_write(Class& state, Which which, std::uint64_t enough) {
  const std::uint64_t dirty = state.most_dirty - state.room->available();
  if (which == Which::surplus && dirty < state.most_dirty / 3 + enough) return nullptr;
  Block* const complete = state.complete.front();
  Block* const partial = state.partial.front();
  const bool is_any = which != Which::surplus || dirty >= state.most_dirty * 2 / 3 + enough;
  if (complete == nullptr) {
    const bool is_next = partial != nullptr && is_any;
    const bool may_wait = which == Which::surplus || which == Which::waited_for;
    return is_next && !(may_wait && is_worth_waiting_for(*partial)) ? partial : nullptr;
  }
  const bool is_first = which != Which::old || partial == nullptr;
  return is_first || complete->dirty_since < partial->dirty_since ? complete : partial;
}

bool MemoryTier::is_worth_waiting_for(const Block& block) {
  if (!is_patient_) return false;
  if (block.dirty.count({0, block.pages()}) < kDense) return false;
  const TimePoint end = block.dirty_since + kPatience;
  if (loop_.now() < end) {
    ageing_.arm(end);
    return true;
  }
  is_patient_ = false;
  return false;
}

void MemoryTier::set_out(Block& block) {
  block.unlink();
  block.in_flight = count_of(block);
  class_of(block).in_flight += block.in_flight;
}

void MemoryTier::write_some(std::size_t c, Which which) {
  Class& state = classes_[c];
  const TimePoint young = which == Which::old ? loop_.now() - kOld : TimePoint();
  which = reason(c, which);
  // Few, where there are few.
  const std::size_t most = std::clamp<std::size_t>(state.most_dirty / 8, 1, kTogether[c]);
  while (state.in_flight < kInFlight[c]) {
    Writer::Blocks blocks;
    while (blocks.size() < most) {
      Block* const block = next_to_write(state, which, blocks.empty() ? most : 0);
      if (block == nullptr || (which == Which::old && block->dirty_since > young)) break;
      set_out(*block);
      blocks.push_back(block);
    }
    if (blocks.empty()) return;
    writer_.write_back(std::move(blocks));
  }
}

void MemoryTier::look_for_old(void* self) {
  auto& tier = *static_cast<MemoryTier*>(self);
  bool is_any_dirty = false;
  for (std::size_t c = 0; c < kBufferClasses; ++c) {
    tier.write_some(c, Which::old);
    tier.write_some(c, Which::surplus);
    const Class& state = tier.classes_[c];
    is_any_dirty |= !state.complete.empty() || !state.partial.empty();
  }
  if (is_any_dirty) tier.ageing_.arm(tier.loop_.now() + kBetweenLooks);
}

}  // namespace mayfly
