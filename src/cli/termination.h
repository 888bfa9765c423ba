// Termination: SIGTERM, SIGINT and SIGHUP as something to wait for, so that whoever waits for
// children can put them away first.
//
// Owner: a function that waits; the signals are blocked as long as it lives, but for children that
// are started by Child. Thread: one.
#pragma once

#include <vector>

namespace mayfly {

class Termination {
 public:
  Termination();
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;
  ~Termination();

  /// Until a signal has come, whose number it gives, or one of the descriptors is readable, and
  /// then 0. Negative descriptors are passed over.
  int wait_with(const std::vector<int>& descriptors) const;

 private:
  int descriptor_;
};

}  // namespace mayfly
