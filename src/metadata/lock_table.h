// LockTable: the byte ranges of one file that are locked, and by whom.
//
// Owner: the server. Thread: the loop's. Pure logic: nobody waits here.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/locks.h"

namespace mayfly {

struct Lock {
  std::uint64_t begin = 0;
  std::uint64_t last = 0;  ///< its last byte, or kLockToTheEnd
  LockType type = LockType::none;
  LockOwner owner;
  std::int32_t process = 0;      ///< what F_GETLK calls it
  std::uint64_t connection = 0;  ///< with which it goes
};

class LockTable {
 public:
  /// A lock of another owner that stands in the way of `wanted`; null: none.
  const Lock* conflict(const Lock& wanted) const;
  /// All owners of such locks, each once.
  std::vector<LockOwner> blockers(const Lock& wanted) const;
  /// The owner's range becomes of that type, whatever it was; there is no conflict. Neighbours of
  /// one owner and type become one.
  void set(const Lock& lock);
  /// Drops all locks that go with the connection. False: there were none.
  bool release(std::uint64_t connection);

  bool empty() const { return locks_.empty(); }
  const std::vector<Lock>& locks() const { return locks_; }

 private:
  std::vector<Lock> locks_;
};

}  // namespace mayfly
