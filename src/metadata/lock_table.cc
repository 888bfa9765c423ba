#include "metadata/lock_table.h"

#include <algorithm>

namespace mayfly {
namespace {

bool overlap(const Lock& a, const Lock& b) { return a.begin <= b.last && b.begin <= a.last; }

bool conflicts(const Lock& held, const Lock& wanted) {
  const bool excludes = held.type == LockType::exclusive || wanted.type == LockType::exclusive;
  return excludes && held.owner != wanted.owner && overlap(held, wanted);
}

/// Whether `b` goes on where `a` ends, or overlaps it.
bool touch(const Lock& a, const Lock& b) {
  return a.begin <= b.last + (b.last != kLockToTheEnd ? 1 : 0) &&
         b.begin <= a.last + (a.last != kLockToTheEnd ? 1 : 0);
}

}  // namespace

const Lock* LockTable::conflict(const Lock& wanted) const {
  const auto found = std::find_if(locks_.begin(), locks_.end(),
                                  [&](const Lock& held) { return conflicts(held, wanted); });
  return found == locks_.end() ? nullptr : &*found;
}

std::vector<LockOwner> LockTable::blockers(const Lock& wanted) const {
  std::vector<LockOwner> owners;
  for (const Lock& held : locks_) {
    if (conflicts(held, wanted)) owners.push_back(held.owner);
  }
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return owners;
}

void LockTable::set(const Lock& lock) {
  std::vector<Lock> kept;
  Lock merged = lock;
  for (const Lock& held : locks_) {
    const bool joins = held.owner == lock.owner && held.type == lock.type && touch(held, merged);
    if (joins) {
      merged.begin = std::min(merged.begin, held.begin);
      merged.last = std::max(merged.last, held.last);
      continue;
    }
    if (held.owner != lock.owner || !overlap(held, lock)) {
      kept.push_back(held);
      continue;
    }
    if (held.begin < lock.begin) {
      kept.push_back(held);
      kept.back().last = lock.begin - 1;
    }
    if (held.last > lock.last) {
      kept.push_back(held);
      kept.back().begin = lock.last + 1;
    }
  }
  if (lock.type != LockType::none) kept.push_back(merged);
  std::sort(kept.begin(), kept.end(),
            [](const Lock& a, const Lock& b) { return a.begin < b.begin; });
  locks_ = std::move(kept);
}

bool LockTable::release(std::uint64_t connection) {
  return std::erase_if(locks_, [=](const Lock& held) { return held.connection == connection; }) !=
         0;
}

}  // namespace mayfly
