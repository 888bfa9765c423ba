#include "transport/lane_pool.h"

#include <cstring>

#include "memory/slab.h"
#include "transport/ucx_memory.h"

namespace mayfly {
namespace {

/// The first lane's room holds what the owner says to all.
constexpr std::size_t kFirstLane = LaneMemory::kBytes;
static_assert(LanePool::kOwnerOffset + sizeof(LaneOwner) <= kFirstLane);

LaneOwner& owner_in(RegisteredMemory& chunk) {
  return *reinterpret_cast<LaneOwner*>(chunk.memory().data() + LanePool::kOwnerOffset);
}

}  // namespace

Result<LanePool::Place> LanePool::take(ucp_context_h context) {
  if (free_.empty()) collect();
  if (free_.empty()) MAYFLY_CHECKED(grow(context));
  const Place place = free_.back();
  free_.pop_back();
  std::memset(static_cast<void*>(place.memory), 0, sizeof *place.memory);
  return place;
}

void LanePool::give_back(const Place& place, const ProcessMark& guest) {
  left_behind_.push_back({place, guest});
}

void LanePool::collect() {
  std::erase_if(left_behind_, [this](const Lent& lent) {
    const bool is_free = lent.place.memory->guest.has_left.load(std::memory_order_acquire) != 0 ||
                         !lent.guest.may_be_alive();
    if (is_free) free_.push_back(lent.place);
    return is_free;
  });
}

Status LanePool::grow(ucp_context_h context) {
  if (chunks_.size() == kMaxChunks) return Errc::no_space;
  MAYFLY_TRY(chunk, UcxMemory::allocate(context, kHugePageBytes));
  const MutableBytes memory = chunk->memory();
  for (std::size_t at = kFirstLane; at + LaneMemory::kBytes <= memory.size();
       at += LaneMemory::kBytes) {
    free_.push_back({reinterpret_cast<LaneMemory*>(memory.data() + at), chunk->exported(), at});
  }
  chunks_.push_back(std::move(chunk));
  return Status();
}

void LanePool::set_owner_sleeps(bool sleeps) {
  for (const auto& chunk : chunks_) {
    owner_in(*chunk).sleeps.store(sleeps ? 1 : 0, std::memory_order_relaxed);
  }
}

void LanePool::set_owner_core(std::uint32_t core) {
  for (const auto& chunk : chunks_) {
    // Only a change takes the line from guests that look at it.
    auto& told = owner_in(*chunk).core;
    if (told.load(std::memory_order_relaxed) != core) told.store(core, std::memory_order_relaxed);
  }
}

}  // namespace mayfly
