// UcxLane: a connection's lane with what keeps its memory there.
#pragma once

#include <memory>

#include "transport/lane.h"
#include "transport/lane_pool.h"
#include "transport/ucx_remote_buffer.h"

namespace mayfly {

struct UcxLane {
  Lane lane;
  LanePool::Place place;                    ///< the owner's
  std::unique_ptr<UcxRemoteBuffer> memory;  ///< the guest's: keeps it mapped
  const LaneOwner* owner = nullptr;         ///< the guest's, in that memory
};

}  // namespace mayfly
