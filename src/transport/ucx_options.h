// UcxOptions: how a UcxWorker differs from what UCX would do by itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace mayfly {

struct UcxOptions {
  /// UCX's list of transports ("posix,cma,self", "tcp,self"). Empty: as UCX_TLS says, else all.
  std::string transports;
  /// How often peers in shared memory are looked after; one that died is found within two of these.
  Nanoseconds keepalive = std::chrono::seconds(1);
  /// Further settings of UCX, without their "UCX_". They win over the environment.
  std::vector<std::pair<std::string, std::string>> settings;
};

}  // namespace mayfly
