#include "async/time_slice.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

namespace mayfly {
namespace {

TEST(TimeSliceTest, IsShortWhereTheKernelKnowsSlices) {
  std::thread([] {
    const bool is_known = time_slice().has_value();
    shorten_time_slices();
    EXPECT_EQ(time_slice(), is_known ? std::optional(kShortestTimeSlice) : std::nullopt);
  }).join();
}

TEST(TimeSliceTest, PriorityAndPolicyStayWhatTheyAre) {
  std::thread([] {
    const auto thread = static_cast<id_t>(::gettid());
    ASSERT_EQ(::setpriority(PRIO_PROCESS, thread, 5), 0);
    shorten_time_slices();
    EXPECT_EQ(::getpriority(PRIO_PROCESS, thread), 5);
    EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
  }).join();
}

TEST(TimeSliceTest, OtherPoliciesAreLeftAlone) {
  std::thread([] {
    const sched_param none{};
    ASSERT_EQ(::sched_setscheduler(0, SCHED_BATCH, &none), 0);
    shorten_time_slices();
    EXPECT_EQ(::sched_getscheduler(0), SCHED_BATCH);
  }).join();
}

TEST(TimeSliceTest, OtherThreadsKeepTheirs) {
  const std::optional<Nanoseconds> before = time_slice();
  std::thread(shorten_time_slices).join();
  EXPECT_EQ(time_slice(), before);
}

}  // namespace
}  // namespace mayfly
