// IdlePolicy: how long an idle loop spins or yields before it sleeps.
//
// While nobody else wants the core, that is while this thread's run delay grew by less than 2 % of
// the time over the last 5 ms or more, it spins: for up to 20 us, and for up to 100 us if that
// would have caught the event that ended the last idle phase.
// On a core that others want it spins for 5 us, and not even that if events come later; then it
// yields a few times, with a few polls after each. As long as those others do so too, or sleep
// soon, whoever has something to do gets the core without a wake-up. A yield that comes back late
// shows somebody who computes and takes a time slice for each: then there are none for a while,
// for longer each time that this is seen.
// Measurements: docs/decisions.md. Thread: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "async/run_delay.h"
#include "base/clock.h"

namespace mayfly {

class IdlePolicy {
 public:
  enum class Next { spin, yield, sleep };

  static constexpr Nanoseconds kSpin = std::chrono::microseconds(20);
  /// How many times longer it spins while idle phases are that short.
  static constexpr int kPatience = 5;
  static constexpr Nanoseconds kSample = std::chrono::milliseconds(5);
  static constexpr int kContendedPart = 50;  ///< of the time
  /// How long it spins while others want the core, about what it costs to sleep and be woken; and
  /// in how many idle phases in vain before it does so only now and then.
  static constexpr Nanoseconds kContendedSpin = std::chrono::microseconds(5);
  static constexpr unsigned kVain = 4;
  static constexpr unsigned kNowAndThen = 64;
  /// Yields in one idle phase.
  static constexpr unsigned kYields = 16;
  /// A yield that takes longer let somebody compute: about the shortest time slice.
  static constexpr Nanoseconds kLongYield = std::chrono::milliseconds(1);
  /// After a long one there is none for as long again; for twice as long as the last time, at most
  /// for kLongestRest, if it comes before yields have gone well for a hundred times as long as it
  /// took.
  static constexpr Nanoseconds kLongestRest = std::chrono::milliseconds(250);
  static constexpr int kGoneWell = 100;

  explicit IdlePolicy(Nanoseconds spin = kSpin,
                      std::unique_ptr<RunDelay> run_delay = std::make_unique<RunDelay>())
      : spin_(spin), run_delay_(std::move(run_delay)) {}

  /// Whether an idle phase is under way that has lasted for a look at the clock.
  bool is_idle() const { return idle_; }
  /// Something happened at `now`, which ends the idle phase.
  void end_idle_phase(TimePoint now);
  /// What to do instead of going on, as nothing has happened.
  Next next(TimePoint now);
  /// The same without a look at the clock, for a few turns after one that said `spin`.
  bool may_spin() const { return spin_ != Nanoseconds::zero(); }
  /// The thread has yielded, as next() said, from `begin` to `end`.
  void has_yielded(TimePoint begin, TimePoint end);

 private:
  void sample_run_delay(TimePoint now);
  Nanoseconds spin_limit() const;

  Nanoseconds spin_;
  Nanoseconds limit_ = spin_;
  bool idle_ = false;
  bool contended_ = true;
  unsigned vain_ = 0;    ///< idle phases in a row that outlasted kContendedSpin
  unsigned yields_ = 0;  ///< in this idle phase
  Nanoseconds rest_{};   ///< the last
  TimePoint no_yield_until_{};
  TimePoint idle_since_{};
  TimePoint sampled_at_{};
  std::unique_ptr<RunDelay> run_delay_;
  std::optional<Nanoseconds> last_run_delay_;
};

}  // namespace mayfly
