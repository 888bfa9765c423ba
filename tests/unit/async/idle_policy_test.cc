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
    EXPECT_FALSE(policy_.keep_spinning(now_));
    now_ += 1h;
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

TEST(IdlePolicyWithoutSpinTest, NeverSpins) {
  IdlePolicy policy(Nanoseconds::zero());
  EXPECT_FALSE(policy.keep_spinning(TimePoint() + 1h));
  EXPECT_FALSE(policy.may_spin());
}

}  // namespace
}  // namespace mayfly
