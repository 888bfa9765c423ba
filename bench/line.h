// Line: a socket to the peer, for what is exchanged before the clock starts.
//
// Failure: gives up when the peer is gone.
#pragma once

#include <cstddef>
#include <vector>

#include "transport/body.h"

namespace mayfly {

class Line {
 public:
  /// `fd`: one end of a connected stream socket; stays the caller's.
  explicit Line(int fd) : fd_(fd) {}
  void tell(Bytes bytes);
  std::vector<std::byte> hear();

 private:
  int fd_;
};

}  // namespace mayfly
