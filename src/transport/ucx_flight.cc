#include "transport/ucx_flight.h"

namespace mayfly {

void UcxFlight::let_go(bool peer_is_dead) {
  IntrusiveList<UcxTransfer> all;
  all.append(transfers);
  while (UcxTransfer* transfer = all.pop_front()) {
    if (transfer->is_receive() && !peer_is_dead) {
      transfers.push_back(transfer);
    } else {
      transfer->abandon();
    }
  }
}

}  // namespace mayfly
