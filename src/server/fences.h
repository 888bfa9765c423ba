// Fences: who waits for a directory that is frozen, or for a name that is held.
//
// The Namespace says `busy` there; a handler then waits here and tries again. Owner: the server.
// Thread: the loop's. Order: first come, first served; each who goes on lets the next go on too.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "async/semaphore.h"
#include "async/task.h"
#include "base/file_id.h"

namespace mayfly {

class Fences {
 public:
  /// An empty name is the directory itself.
  void raise(FileId directory, std::string_view name = "");
  /// Whoever waits goes on.
  void lift(FileId directory, std::string_view name = "");
  void lift_all();

  /// Whether a request about this name must wait.
  bool stands_before(FileId directory, std::string_view name) const;
  /// Waits until one of the two is lifted.
  Task<void> wait(FileId directory, std::string_view name);

 private:
  using Key = std::pair<FileId, std::string>;
  using Waiters = std::map<Key, std::shared_ptr<Semaphore>>;
  Waiters::const_iterator find(FileId directory, std::string_view name) const;

  Waiters waiters_;
};

}  // namespace mayfly
