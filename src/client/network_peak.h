// NetworkPeak: what the way to a server can do, measured as writes and reads use it: 1 MiB at a
// time between this process's memory and the server's Buffers.
#pragma once

#include "client/session.h"

namespace mayfly {

struct NetworkPeak {
  std::uint64_t put_bytes_per_second = 0;  ///< 0: its memory cannot be reached one-sidedly
  std::uint64_t get_bytes_per_second = 0;
};

/// Takes a twentieth of a second for each direction, and a write slot for as long.
Task<Result<NetworkPeak>> measure_network(Session& session, std::uint32_t server);

}  // namespace mayfly
