// IdlePolicy: how long an idle loop spins before it blocks.
//
// It spins for up to 20 us, and for up to 60 us if that would have caught the event that ended the
// last idle phase; never with sched_yield (a busy MPI rank starves a yielding server). It does so
// while nobody else wants the core, that is while this thread's run delay grew by less than 2 % of
// the time over the last 5 ms or more; else for 5 us, and not even that if events come later.
// Measurements: docs/decisions.md. Thread: the loop's.
#pragma once

#include "base/clock.h"

namespace mayfly {

class IdlePolicy {
 public:
  static constexpr Nanoseconds kSpin = std::chrono::microseconds(20);
  /// How many times longer it spins while idle phases are that short.
  static constexpr int kPatience = 3;
  /// How long it spins while others want the core, about what it costs to sleep and be woken; and
  /// in how many idle phases in vain before it does so only now and then.
  static constexpr Nanoseconds kContendedSpin = std::chrono::microseconds(5);
  static constexpr unsigned kVain = 4;
  static constexpr unsigned kNowAndThen = 64;
  static constexpr Nanoseconds kSample = std::chrono::milliseconds(5);
  static constexpr double kContendedShare = 0.02;

  explicit IdlePolicy(Nanoseconds spin = kSpin) : spin_(spin) {}
  IdlePolicy(const IdlePolicy&) = delete;
  IdlePolicy& operator=(const IdlePolicy&) = delete;
  ~IdlePolicy();

  /// Whether an idle phase is under way that has lasted for a look at the clock.
  bool is_idle() const { return idle_; }
  /// Something happened at `now`, which ends the idle phase.
  void end_idle_phase(TimePoint now);
  /// Whether to go round once more instead of blocking.
  bool keep_spinning(TimePoint now);
  /// The same without a look at the clock: what the last look said.
  bool may_spin() const { return spin_ != Nanoseconds::zero(); }

 private:
  void sample_run_delay(TimePoint now);
  Nanoseconds limit() const;

  Nanoseconds spin_;
  Nanoseconds limit_ = spin_;
  bool idle_ = false;
  bool contended_ = true;
  unsigned vain_ = 0;  ///< idle phases in a row that outlasted kContendedSpin
  TimePoint idle_since_{};
  TimePoint sampled_at_{};
  Nanoseconds run_delay_{};
  int schedstat_fd_ = -1;
  long schedstat_thread_ = 0;
};

}  // namespace mayfly
