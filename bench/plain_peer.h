// PlainPeer: plain UCX's round trips to a process that answers while it is asked, and otherwise
// sleeps, for it may share its core with a server under test.
//
// Owner: a bench. Thread: the first, before there is any other and before it uses UCX. The options
//   outlive it.
// Failure: gives up.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <optional>

#include "bench/plain_ucx.h"

namespace mayfly {

class PlainPeer {
 public:
  /// `core`: the peer's, if it is pinned.
  PlainPeer(const PlainUcxOptions& options, std::optional<int> core);
  PlainPeer(const PlainPeer&) = delete;
  PlainPeer& operator=(const PlainPeer&) = delete;
  /// Waits for the peer's end.
  ~PlainPeer();

  /// Per second.
  double round_trips(double seconds);

 private:
  /// The peer's process. A word wakes it; it gives the word back when it is no longer asked.
  [[noreturn]] void answer(const PlainUcxOptions& options, std::optional<int> core);

  std::atomic<bool>* is_asked_;  ///< in memory of both
  int fd_ = -1;                  ///< to the other one
  pid_t peer_ = -1;
  std::unique_ptr<PlainUcx> asker_;
};

}  // namespace mayfly
