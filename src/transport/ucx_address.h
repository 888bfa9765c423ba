// What a UcxWorker's address consists of: who it is, and what UCX needs to reach it.
#pragma once

#include <vector>

#include "transport/message.h"
#include "transport/process_mark.h"
#include "transport/wake_socket.h"

namespace mayfly {

struct UcxAddress {
  ProcessMark process;
  /// By which it is woken; nobody's if it has no lanes.
  WakeSocket::Name wake_name;
  /// Points into what it was decoded from.
  Bytes for_ucx;
};

std::vector<std::byte> seal_address(const UcxAddress& address);
/// bad_message if `sealed` is not exactly one sealed address.
Result<UcxAddress> unseal_address(Bytes sealed);

}  // namespace mayfly
