#include "transport/loopback_network.h"

#include <map>

#include "transport/loopback_worker.h"

namespace mayfly {

void LoopbackNetwork::kill(LoopbackWorker& worker) {
  killed_.insert(worker.id());
  worker.die();
  // In the order of their names, so that equal seeds give equal runs.
  const std::map<std::uint64_t, LoopbackWorker*> in_order(workers_.begin(), workers_.end());
  for (const auto& [id, other] : in_order) {
    if (other != &worker) other->lose(worker.id(), kNoticedAfter + random_delay());
  }
}

std::uint64_t LoopbackNetwork::enter(LoopbackWorker& worker) {
  workers_.emplace(next_name_, &worker);
  return next_name_++;
}

void LoopbackNetwork::leave(LoopbackWorker& worker) {
  workers_.erase(worker.id());
  for (const auto& [id, other] : workers_) other->lose(worker.id(), kNoticedAfter);
}

LoopbackWorker* LoopbackNetwork::find(std::uint64_t worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() || was_killed(worker) ? nullptr : found->second;
}

std::uint32_t LoopbackNetwork::random_delay() {
  if (max_delay_ == 0) return 0;
  return static_cast<std::uint32_t>(random_() % (std::uint64_t{max_delay_} + 1));
}

std::uint64_t LoopbackNetwork::add_memory(MutableBytes memory) {
  memories_.emplace(next_name_, memory);
  return next_name_++;
}

MutableBytes LoopbackNetwork::memory(std::uint64_t name) const {
  const auto found = memories_.find(name);
  return found == memories_.end() ? MutableBytes() : found->second;
}

}  // namespace mayfly
