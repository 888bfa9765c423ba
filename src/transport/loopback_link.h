// LoopbackLink: one end of a connection between two LoopbackWorkers, with what is pending on it.
//
// The n-th link of a worker to a peer and the n-th of that peer back are the two ends of one
// connection, as in UCX. Owner: shared by its worker, its endpoints and what is under way.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "async/completion.h"
#include "base/errc.h"

namespace mayfly {

class Endpoint;

/// Something that a task awaits; ended once, by its own event or by the end of its link.
struct LoopbackOperation {
  void finish(Errc result) {
    if (!ended.done()) ended.complete(to_errno(result));
  }
  bool is_over() const { return ended.done(); }
  Completion ended;
};

struct LoopbackLink {
  LoopbackLink(std::uint64_t peer_id, std::uint64_t place) : peer(peer_id), number(place) {}

  std::shared_ptr<LoopbackOperation> begin() {
    std::erase_if(pending, [](const auto& operation) { return operation->is_over(); });
    return pending.emplace_back(std::make_shared<LoopbackOperation>());
  }
  /// From here on nothing is begun; what is pending ends with an error.
  void end() {
    is_open = false;
    for (const auto& operation : std::exchange(pending, {})) {
      operation->finish(Errc::not_connected);
    }
  }

  std::uint64_t peer;
  std::uint64_t number;
  bool is_open = true;
  /// The user's endpoint, who is told of a failure.
  Endpoint* endpoint = nullptr;
  std::vector<std::shared_ptr<LoopbackOperation>> pending;
  /// The polls at which the latest of what was sent, and of what was begun here, is due.
  std::uint64_t sent_due = 0;
  std::uint64_t local_due = 0;
};

}  // namespace mayfly
