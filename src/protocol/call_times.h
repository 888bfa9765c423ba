// CallTimes: how long a client's requests and transfers have taken, for whoever wants to know.
//
// Owner: the session, for all of its channels. Thread: the loop's. Costs two time stamps per
// request, so it is made only on request.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/histogram.h"
#include "base/ticks.h"
#include "protocol/opcode.h"

namespace mayfly {

struct CallTimes {
  /// From when a request is sent to when its reply is there.
  std::array<std::unique_ptr<Histogram>, kOpcodes> calls;
  Histogram puts;  ///< to servers' Buffers, until they are there
  Histogram gets;
  std::uint64_t put_bytes = 0;
  std::uint64_t get_bytes = 0;
  TickRate rate;

  void note_call(Opcode opcode, std::uint64_t began_ticks) {
    auto& times = calls[index_of(opcode)];
    if (times == nullptr) times = std::make_unique<Histogram>();
    times->record(ticks() - began_ticks);
  }
};

}  // namespace mayfly
