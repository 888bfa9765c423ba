#include "async/sidestep.h"

#include <gtest/gtest.h>

#include <thread>

namespace mayfly {
namespace {

constexpr Nanoseconds kMicrosecond = std::chrono::microseconds(1);

cpu_set_t only(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return cores;
}

cpu_set_t allowed() {
  cpu_set_t cores;
  EXPECT_EQ(::sched_getaffinity(0, sizeof cores, &cores), 0);
  return cores;
}

/// Of `count` yields, `apart` from one another, those after which to leave.
int times_due(Sidestep& sidestep, TimePoint& now, unsigned count, Nanoseconds apart) {
  int due = 0;
  for (unsigned i = 0; i < count; ++i) due += sidestep.is_due(now += apart) ? 1 : 0;
  return due;
}

TEST(SidestepTest, IsDueAfterManyYieldsInAShortTime) {
  Sidestep sidestep;
  TimePoint now{};
  EXPECT_EQ(times_due(sidestep, now, Sidestep::kYields - 1, 20 * kMicrosecond), 0);
  EXPECT_TRUE(sidestep.is_due(now));
  EXPECT_EQ(times_due(sidestep, now, Sidestep::kYields - 1, 20 * kMicrosecond), 0);
  EXPECT_TRUE(sidestep.is_due(now));
}

TEST(SidestepTest, IsNeverDueWhenYieldsAreFarApart) {
  Sidestep sidestep;
  TimePoint now{};
  EXPECT_EQ(times_due(sidestep, now, 100 * Sidestep::kYields, 80 * kMicrosecond), 0);
}

TEST(SidestepTest, LeavesACoreAndMayStillUseIt) {
  std::thread([] {
    const cpu_set_t before = allowed();
    if (CPU_COUNT(&before) == 1) GTEST_SKIP() << "one core";
    // The kernel may take it back at once; not each time.
    bool has_left = false;
    for (int i = 0; i < 100 && !has_left; ++i) {
      const int core = current_core();
      ASSERT_TRUE(leave_cores(only(core)));
      has_left = current_core() != core;
    }
    EXPECT_TRUE(has_left);
    const cpu_set_t after = allowed();
    EXPECT_TRUE(CPU_EQUAL(&before, &after));
  }).join();
}

TEST(SidestepTest, StaysWhereItIsBound) {
  std::thread([] {
    const int core = current_core();
    const cpu_set_t bound = only(core);
    ASSERT_EQ(::sched_setaffinity(0, sizeof bound, &bound), 0);
    EXPECT_FALSE(leave_cores(bound));
    EXPECT_EQ(current_core(), core);
    const cpu_set_t after = allowed();
    EXPECT_TRUE(CPU_EQUAL(&bound, &after));
  }).join();
}

TEST(SidestepTest, StaysWhereAllAreTaken) {
  const cpu_set_t all = allowed();
  EXPECT_FALSE(leave_cores(all));
}

}  // namespace
}  // namespace mayfly
