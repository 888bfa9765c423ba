// LanePool: the lanes that a worker offers, in memory that its peers can map.
//
// A lane is lent to one peer. It is lent to the next when the peer has left it or has died, for one
// that is only not heard any more may still write to it.
// Bounds: kMaxChunks of 2 MiB, made as they are needed; whoever comes later goes by UCX.
// Owner: the worker's lanes. Thread: the worker's.
#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <vector>

#include "transport/lane.h"
#include "transport/process_mark.h"
#include "transport/worker.h"

namespace mayfly {

class LanePool {
 public:
  static constexpr std::size_t kMaxChunks = 8;

  /// A lane, and what its guest needs to find it.
  struct Place {
    LaneMemory* memory = nullptr;
    Bytes exported;
    std::uint64_t offset = 0;
  };
  /// Where in exported memory its LaneOwner is.
  static constexpr std::uint64_t kOwnerOffset = 0;

  /// no_space if all are lent.
  Result<Place> take(ucp_context_h context);
  void give_back(const Place& place, const ProcessMark& guest);
  void set_owner_sleeps(bool sleeps);
  void set_owner_core(std::uint32_t core);

 private:
  struct Lent {
    Place place;
    ProcessMark guest;
  };
  Status grow(ucp_context_h context);
  void collect();

  std::vector<std::unique_ptr<RegisteredMemory>> chunks_;
  std::vector<Place> free_;
  std::vector<Lent> left_behind_;
};

}  // namespace mayfly
