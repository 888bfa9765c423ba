#include "async/idle_policy.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

using namespace std::chrono_literals;
using Next = IdlePolicy::Next;

/// What others take of the core: nothing, or half of the time.
class FakeRunDelay final : public RunDelay {
 public:
  FakeRunDelay(const TimePoint& now, bool contended) : now_(now), contended_(contended) {}
  std::optional<Nanoseconds> read() override {
    return contended_ ? now_.time_since_epoch() / 2 : Nanoseconds::zero();
  }

 private:
  const TimePoint& now_;
  bool contended_;
};

/// A policy on a time of the test's own, on a core that nobody else wants.
class IdlePolicyTest : public ::testing::Test {
 protected:
  IdlePolicyTest() {
    policy_.next(now_);
    now_ += 1h;
    policy_.next(now_);
    policy_.end_idle_phase(now_);
  }

  /// How long the loop spins before it sleeps, in steps of a microsecond.
  Nanoseconds spins_for() {
    const TimePoint begin = now_;
    while (policy_.next(now_) == Next::spin) now_ += 1us;
    return now_ - begin;
  }
  /// An idle phase that an event ends after `length`, spinning or asleep.
  void idle_phase(Nanoseconds length) {
    ASSERT_EQ(policy_.next(now_), Next::spin);
    now_ += length;
    policy_.end_idle_phase(now_);
  }

  TimePoint now_ = TimePoint() + 1h;
  IdlePolicy policy_{20us, std::make_unique<FakeRunDelay>(now_, false)};
};

TEST_F(IdlePolicyTest, SpinsForTheGivenTimeWhenNothingIsKnown) { EXPECT_EQ(spins_for(), 20us); }

TEST_F(IdlePolicyTest, SpinsLongerIfThatWouldHaveCaughtTheLastEvent) {
  idle_phase(90us);
  EXPECT_EQ(spins_for(), 100us);
}

TEST_F(IdlePolicyTest, SpinsNoLongerOnceEventsAreFarApart) {
  idle_phase(50us);
  idle_phase(150us);
  EXPECT_EQ(spins_for(), 20us);
}

TEST_F(IdlePolicyTest, AnIdlePhaseThatGoesOnIsSpunOnce) {
  EXPECT_EQ(spins_for(), 20us);
  now_ += 1s;
  EXPECT_EQ(policy_.next(now_), Next::sleep);
}

class ContendedIdlePolicyTest : public ::testing::Test {
 protected:
  /// What the loop does once it has spun.
  Next next_after_spinning() {
    while (policy_.next(now_) == Next::spin) now_ += 1us;
    return policy_.next(now_);
  }
  /// The yields of an idle phase, each of `length`, before the loop sleeps; then comes an event.
  unsigned yields_of(Nanoseconds length) {
    unsigned yields = 0;
    while (next_after_spinning() == Next::yield) {
      const TimePoint begin = now_;
      now_ += length;
      policy_.has_yielded(begin, now_);
      ++yields;
    }
    policy_.end_idle_phase(now_);
    return yields;
  }
  /// How long the loop spins until it yields or sleeps, in an idle phase that an event ends after
  /// `length`.
  Nanoseconds spins_in(Nanoseconds length) {
    const TimePoint end = now_ + length;
    Nanoseconds spun{};
    for (; now_ < end && policy_.next(now_) == Next::spin; now_ += 1us) spun += 1us;
    now_ = end;
    policy_.end_idle_phase(now_);
    return spun;
  }
  /// How long the loop goes without a yield.
  std::chrono::milliseconds rest() {
    const TimePoint begin = now_;
    while (next_after_spinning() != Next::yield) {
      policy_.end_idle_phase(now_);
      now_ += 1ms;
    }
    return std::chrono::floor<std::chrono::milliseconds>(now_ - begin);
  }

  static constexpr Nanoseconds kShort = 10us;
  TimePoint now_ = TimePoint() + 1h;
  IdlePolicy policy_{20us, std::make_unique<FakeRunDelay>(now_, true)};
};

TEST_F(ContendedIdlePolicyTest, YieldsAFewTimes) {
  EXPECT_EQ(yields_of(kShort), IdlePolicy::kYields);
  EXPECT_EQ(yields_of(kShort), IdlePolicy::kYields);
}

TEST_F(ContendedIdlePolicyTest, AnIdlePhaseThatGoesOnYieldsNoMore) {
  for (unsigned i = 0; i < IdlePolicy::kYields; ++i) {
    EXPECT_EQ(next_after_spinning(), Next::yield);
    policy_.has_yielded(now_, now_);
  }
  now_ += 1s;
  EXPECT_EQ(policy_.next(now_), Next::sleep);
}

TEST_F(ContendedIdlePolicyTest, SpinsNoLongerThanASleepCosts) {
  EXPECT_EQ(spins_in(2us), 2us);
  EXPECT_EQ(spins_in(30us), 5us);
}

TEST_F(ContendedIdlePolicyTest, DoesNotSpinInVainMoreThanNowAndThen) {
  for (unsigned i = 0; i < IdlePolicy::kVain; ++i) EXPECT_EQ(spins_in(30us), 5us);
  unsigned spins = 0;
  for (int i = 0; i < 128; ++i) spins += spins_in(30us) != 0us ? 1 : 0;
  EXPECT_EQ(spins, 2u);
}

TEST_F(ContendedIdlePolicyTest, AnEventInTimeShowsThatSpinningPaysAgain) {
  for (int i = 0; i < 10; ++i) spins_in(30us);
  spins_in(2us);
  EXPECT_EQ(spins_in(30us), 5us);
}

TEST_F(ContendedIdlePolicyTest, RestsFromYieldsOnceOneLetSomebodyCompute) {
  EXPECT_EQ(yields_of(3ms), 1u);
  EXPECT_EQ(rest(), 3ms);
}

TEST_F(ContendedIdlePolicyTest, RestsForLongerEachTimeUpToABound) {
  yields_of(3ms);
  std::chrono::milliseconds last = rest();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(yields_of(3ms), 1u);
    const auto wanted = std::min<Nanoseconds>(2 * last, IdlePolicy::kLongestRest);
    EXPECT_EQ(last = rest(), wanted);
  }
  EXPECT_EQ(last, IdlePolicy::kLongestRest);
}

TEST_F(ContendedIdlePolicyTest, ForgetsWhoComputedOnceYieldsHaveGoneWellForAWhile) {
  for (int i = 0; i < 4; ++i) {
    yields_of(3ms);
    rest();
  }
  const TimePoint end = now_ + IdlePolicy::kGoneWell * 3ms;
  while (now_ <= end) yields_of(kShort);
  yields_of(3ms);
  EXPECT_EQ(rest(), 3ms);
}

TEST(IdlePolicyWithoutSpinTest, SleepsAtOnce) {
  IdlePolicy policy(Nanoseconds::zero());
  EXPECT_EQ(policy.next(TimePoint() + 1h), Next::sleep);
  EXPECT_FALSE(policy.may_spin());
}

}  // namespace
}  // namespace mayfly
