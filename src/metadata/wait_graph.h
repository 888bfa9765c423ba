// WaitGraph: who waits for whose locks, over all servers: a circle would wait for ever.
//
// Owner: server 0, to which the others report. Thread: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "metadata/lock_table.h"

namespace mayfly {

class WaitGraph {
 public:
  /// The wait `id` is by `waiter` for all of `holders`; for nobody: it has ended. False, and as if
  /// it had ended: it would close a circle.
  bool update(std::uint64_t id, const LockOwner& waiter, std::vector<LockOwner> holders);
  std::size_t size() const { return waits_.size(); }

 private:
  struct Wait {
    LockOwner waiter;
    std::vector<LockOwner> holders;
  };
  bool leads_to(const std::vector<LockOwner>& holders, const LockOwner& waiter) const;

  std::map<std::uint64_t, Wait> waits_;  ///< bounded by the requests for locks under way
};

}  // namespace mayfly
