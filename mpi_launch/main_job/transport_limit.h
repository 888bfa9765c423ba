// The transport's own limit between two clients: the path that file data would take (puts and gets
// where memory is shared, else messages by rendezvous), without a server in between.
#pragma once

#include "mpi_launch/main_job/crew.h"
#include "mpi_launch/main_job/report.h"

namespace mayfly {

/// Collective; fills the transport's part of `limits`. Needs two clients; without, nothing is
/// known.
Outcome measure_transport(const Crew& crew, std::uint64_t bytes, Limits& limits);

}  // namespace mayfly
