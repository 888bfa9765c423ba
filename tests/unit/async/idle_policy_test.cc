#include "async/idle_policy.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

using namespace std::chrono_literals;

/// A policy on a time of the test's own, on a core that nobody else wants: the hour between two
/// samples makes any real run delay of this thread negligible.
class IdlePolicyTest : public ::testing::Test {
 protected:
  IdlePolicyTest() {
    policy_.keep_spinning(now_);
    now_ += 1h;
    policy_.end_idle_phase(now_);
  }

  /// How long the loop spins before it sleeps, in steps of a microsecond.
  Nanoseconds spins_for() {
    const TimePoint begin = now_;
    while (policy_.keep_spinning(now_)) now_ += 1us;
    return now_ - begin;
  }
  /// An idle phase that an event ends after `length`, spinning or asleep.
  void idle_phase(Nanoseconds length) {
    ASSERT_TRUE(policy_.keep_spinning(now_));
    now_ += length;
    policy_.end_idle_phase(now_);
  }

  IdlePolicy policy_{20us};
  TimePoint now_ = TimePoint() + 1h;
};

TEST_F(IdlePolicyTest, SpinsForTheGivenTimeWhenNothingIsKnown) { EXPECT_EQ(spins_for(), 20us); }

TEST_F(IdlePolicyTest, SpinsLongerIfThatWouldHaveCaughtTheLastEvent) {
  idle_phase(50us);
  EXPECT_EQ(spins_for(), 60us);
}

TEST_F(IdlePolicyTest, SpinsNoLongerOnceEventsAreFarApart) {
  idle_phase(50us);
  idle_phase(150us);
  EXPECT_EQ(spins_for(), 20us);
}

TEST_F(IdlePolicyTest, AnIdlePhaseThatGoesOnIsSpunOnce) {
  EXPECT_EQ(spins_for(), 20us);
  now_ += 1s;
  EXPECT_FALSE(policy_.keep_spinning(now_));
}

/// Nothing is known of the core before the first two samples, so it counts as wanted by others.
class ContendedIdlePolicyTest : public ::testing::Test {
 protected:
  Nanoseconds idle_phase_of(Nanoseconds length) {
    const TimePoint begin = now_;
    Nanoseconds spun{};
    while (spun < length && policy_.keep_spinning(begin + spun)) spun += 1us;
    now_ = begin + length;
    policy_.end_idle_phase(now_);
    return spun;
  }

  IdlePolicy policy_{20us};
  TimePoint now_ = TimePoint() + 1h;
};

TEST_F(ContendedIdlePolicyTest, SpinsNoLongerThanASleepCostsWhereOthersWantTheCore) {
  EXPECT_EQ(idle_phase_of(2us), 2us);
  EXPECT_EQ(idle_phase_of(30us), 5us);
}

TEST_F(ContendedIdlePolicyTest, DoesNotSpinInVainMoreThanNowAndThen) {
  for (unsigned i = 0; i < IdlePolicy::kVain; ++i) EXPECT_EQ(idle_phase_of(30us), 5us);
  unsigned spins = 0;
  for (int i = 0; i < 128; ++i) spins += idle_phase_of(30us) != 0us ? 1 : 0;
  EXPECT_EQ(spins, 2u);
}

TEST_F(ContendedIdlePolicyTest, AnEventInTimeShowsThatSpinningPaysAgain) {
  for (int i = 0; i < 10; ++i) idle_phase_of(30us);
  idle_phase_of(2us);
  EXPECT_EQ(idle_phase_of(30us), 5us);
}

TEST(IdlePolicyWithoutSpinTest, NeverSpins) {
  IdlePolicy policy(Nanoseconds::zero());
  EXPECT_FALSE(policy.keep_spinning(TimePoint() + 1h));
  EXPECT_FALSE(policy.may_spin());
}

}  // namespace
}  // namespace mayfly
