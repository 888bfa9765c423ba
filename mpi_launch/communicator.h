// Communicator: the ranks of a launch, and what they tell each other before there is a session.
//
// Owner: the launch's caller. Thread: one. Order: every rank makes the same calls.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly {

class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Every rank's bytes, by rank; or what keeps them from being told, which not all ranks may have.
  virtual Result<std::vector<std::string>, Failure> gather_all(const std::string& mine) const = 0;
};

/// This host's name, by which ranks of one node know each other.
std::string node_name();

}  // namespace mayfly
