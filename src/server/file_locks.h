// FileLocks: the locks of files whose inodes are here, and the requests that wait for them.
//
// Owner: the server. Thread: the loop's. Order: whoever waits longest is tried first; who can have
// its lock meanwhile gets it. Waits for fcntl's locks are reported to server 0 (WaitGraph) before
// anything that depends on them is answered, so that it knows every circle and no other.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "async/semaphore.h"
#include "base/result.h"
#include "metadata/lock_table.h"
#include "protocol/bodies.h"

namespace mayfly {

class Server;

class FileLocks {
 public:
  explicit FileLocks(Server& server) : server_(server) {}

  /// again: another has it, and `waits` is false; deadlock; canceled: the connection is gone.
  Task<Status> set(FileId file, LockKind kind, Lock lock, bool waits);
  /// What stands in the way of `wanted`; null: nothing.
  const Lock* test(FileId file, LockKind kind, const Lock& wanted) const;

  /// Nobody of that connection waits any longer.
  static constexpr std::uint64_t kAll = 0;
  void cancel(std::uint64_t connection);
  /// Its locks go to those who wait.
  Task<void> release(std::uint64_t connection);

 private:
  struct Waiter {
    std::uint64_t id;
    Lock lock;
    Semaphore signal{0};
    bool is_done = false;
    Status result = {};
    std::vector<LockOwner> holders = {};  ///< as server 0 knows them
  };
  struct Key {
    FileId file;
    LockKind kind;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return std::hash<FileId>()(key.file) ^ static_cast<std::size_t>(key.kind);
    }
  };
  struct Entry {
    LockTable table;
    std::list<Waiter*> waiters;
  };

  Task<Status> wait(Key key, Lock lock);
  Task<Status> grant(Key key);
  Task<Status> report(Key key, std::vector<WaitBody> changes);
  Task<Status> report_batch(Key key, WireBytes changes);
  /// Of those for which `is_meant(waiter)` holds.
  template <class Predicate>
  static void end_waits(Entry& entry, Predicate is_meant, Errc why);
  static void wake(Waiter& waiter, Status result);
  void forget_if_empty(const Key& key);

  Server& server_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::uint64_t last_id_ = 0;
};

}  // namespace mayfly
