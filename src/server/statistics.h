// Statistics: what a server has done since it began: requests by opcode, and how its work went over
// time. Always counted.
//
// Owner: the server. Thread: the loop's. Cost: some additions per request, and two time stamps for
// some; each opcode that is used takes 3 KiB, the history 32 KiB at most.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.h"
#include "base/result.h"
#include "base/ticks.h"
#include "protocol/opcode.h"

namespace mayfly {

class Statistics {
 public:
  struct Operation {
    std::uint64_t requests = 0;  ///< those under way, and those that need no reply, included
    std::uint64_t errors = 0;    ///< replies that say no; "no such file" is one
    std::uint64_t bytes = 0;     ///< of file data
    Histogram ticks;             ///< from when a request is taken up to its reply, of those timed
  };

  /// All since the start, at a time.
  struct Sample {
    std::int64_t time_ns = 0;  ///< since the start
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::uint64_t bytes_in = 0;   ///< written to chunks
    std::uint64_t bytes_out = 0;  ///< read from chunks
    std::int64_t processor_ns = 0;
  };

  /// Gives when it began, or 0: it is not timed. Of what is done at once, which takes about as long
  /// as two time stamps, one in kUntimed is.
  std::uint64_t note_request(Opcode opcode, bool always_timed) {
    ++operation(opcode).requests;
    if (++requests_ % kUntimed != 0 && !always_timed) return 0;
    const std::uint64_t now = ticks();
    if (now >= next_sample_) take_sample();
    last_ticks_ = now;
    return now;
  }
  void note_reply(Opcode opcode, std::uint64_t began_ticks, bool failed, std::uint64_t bytes);
  /// To chunks, that is to memory or to the drive.
  void note_written(std::uint64_t bytes) { written_ += bytes; }
  void note_read(std::uint64_t bytes) { read_ += bytes; }

  /// Null: never asked for.
  const Operation* find(Opcode opcode) const { return operations_[index_of(opcode)].get(); }
  /// The last is of now. The first is none: everything was 0 at the start.
  const std::vector<Sample>& history();
  const TickRate& rate() const { return rate_; }

 private:
  Operation& operation(Opcode opcode) {
    auto& found = operations_[index_of(opcode)];
    if (found == nullptr) found = std::make_unique<Operation>();
    return *found;
  }
  void take_sample();
  void push_sample(std::int64_t time_ns);

  TickRate rate_;
  std::array<std::unique_ptr<Operation>, kOpcodes> operations_;
  std::uint64_t requests_ = 0;
  std::uint64_t errors_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t read_ = 0;
  std::vector<Sample> history_;
  std::int64_t interval_ns_ = kFirstIntervalNs;
  std::uint64_t next_sample_ = 0;
  std::uint64_t last_ticks_ = ticks();  ///< when the last timed request came

  static constexpr std::uint64_t kUntimed = 16;
  static constexpr std::int64_t kFirstIntervalNs = 250'000'000;
  static constexpr std::size_t kMostSamples = 512;
};

/// Processor time and memory of this process, as the kernel counts them.
std::int64_t processor_time_ns();
std::uint64_t resident_bytes();

}  // namespace mayfly
