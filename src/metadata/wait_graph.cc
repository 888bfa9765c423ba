#include "metadata/wait_graph.h"

#include <set>
#include <utility>

namespace mayfly {

bool WaitGraph::update(std::uint64_t id, const LockOwner& waiter, std::vector<LockOwner> holders) {
  waits_.erase(id);
  if (holders.empty()) return true;
  if (leads_to(holders, waiter)) return false;
  waits_[id] = Wait{waiter, std::move(holders)};
  return true;
}

bool WaitGraph::leads_to(const std::vector<LockOwner>& holders, const LockOwner& waiter) const {
  std::vector<LockOwner> open = holders;
  std::set<LockOwner> seen(open.begin(), open.end());
  while (!open.empty()) {
    const LockOwner owner = open.back();
    open.pop_back();
    if (owner == waiter) return true;
    for (const auto& [id, wait] : waits_) {
      if (wait.waiter != owner) continue;
      for (const LockOwner& next : wait.holders) {
        if (seen.insert(next).second) open.push_back(next);
      }
    }
  }
  return false;
}

}  // namespace mayfly
