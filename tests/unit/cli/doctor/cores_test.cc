#include "cli/doctor/cores.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Cores, SeveralAreOk) { EXPECT_EQ(check_cores({1, 4, 8, 1}).verdict, Verdict::ok); }

TEST(Cores, OneIsShared) { EXPECT_EQ(check_cores({1, 1, 1, 1}).verdict, Verdict::fallback); }

TEST(Cores, AnUnknownNumberIsNoProblem) { EXPECT_EQ(check_cores({}).verdict, Verdict::fallback); }

TEST(Cores, ThisMachineHasSome) { EXPECT_GT(observe_cores().threads, 0); }

}  // namespace
}  // namespace mayfly
