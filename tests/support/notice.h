// Notice: how processes of a test tell each other "now". Made before they are forked; whoever
// posts and whoever waits may be any of them.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>

#include "base/assert.h"

namespace mayfly {

class Notice {
 public:
  Notice() { MAYFLY_ASSERT(::pipe2(ends_, O_CLOEXEC) == 0); }
  Notice(const Notice&) = delete;
  Notice& operator=(const Notice&) = delete;
  ~Notice() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  /// Lets `count` waiters go on.
  void post(int count = 1) {
    for (int i = 0; i < count; ++i) MAYFLY_ASSERT(::write(ends_[1], "n", 1) == 1);
  }
  /// Waits for `count` posts; false if they do not come within the limit (for each).
  bool wait(int count = 1, std::chrono::seconds limit = std::chrono::seconds(60)) {
    const int limit_ms = static_cast<int>(std::chrono::milliseconds(limit).count());
    for (int i = 0; i < count; ++i) {
      pollfd readable{ends_[0], POLLIN, 0};
      char byte = 0;
      if (::poll(&readable, 1, limit_ms) != 1 || ::read(ends_[0], &byte, 1) != 1) return false;
    }
    return true;
  }

 private:
  int ends_[2];
};

}  // namespace mayfly
