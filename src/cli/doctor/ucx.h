// UCX: its version, and what it can reach a peer by.
#pragma once

#include <string>
#include <vector>

#include "cli/doctor/check.h"

namespace mayfly {

enum class Reach { self, same_node, network, accelerator };

struct Transport {
  std::string name;    ///< "posix", "tcp", "rc_mlx5"
  std::string device;  ///< "memory", "eth0", "mlx5_0:1"
  Reach reach = Reach::self;
};

struct UcxFacts {
  unsigned major = 0;
  unsigned minor = 0;
  std::string version;
  std::string chosen_transports;  ///< $UCX_TLS: what the user allows; empty: all
  std::vector<Transport> transports;
};

UcxFacts observe_ucx();

/// The library, the way inside a node, the way between nodes.
std::vector<Check> check_ucx(const UcxFacts& facts);

}  // namespace mayfly
