// What a UcxWorker's address consists of: who it is, and what UCX needs to reach it.
#pragma once

#include <vector>

#include "transport/message.h"
#include "transport/process_mark.h"

namespace mayfly {

struct UcxAddress {
  ProcessMark process;
  /// Points into what it was decoded from.
  Bytes for_ucx;
};

std::vector<std::byte> seal_address(const ProcessMark& process, Bytes for_ucx);
/// bad_message if `sealed` is not exactly one sealed address.
Result<UcxAddress> unseal_address(Bytes sealed);

}  // namespace mayfly
