// UcxFlight: what is in flight on a connection: counted, so that a close can wait for it, and
// listed, so that a close can stop waiting.
//
// Owner: a UcxConnection or the worker. Thread: the worker's.
#pragma once

#include "async/gate.h"
#include "base/intrusive_list.h"
#include "transport/ucx_transfer.h"

namespace mayfly {

struct UcxFlight {
  /// Ends the transfers that UCX does not end: it will not, while a peer in shared memory leaves
  /// its queue full, because UCX 1.13 waits for room in it even to give up. Sends only read memory,
  /// and only the peer does it then; receives are ended too if the peer is known to be dead.
  void let_go(bool peer_is_dead);

  Gate gate;
  IntrusiveList<UcxTransfer> transfers;
};

}  // namespace mayfly
