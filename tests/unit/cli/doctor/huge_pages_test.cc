#include "cli/doctor/huge_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/slab.h"

namespace mayfly {
namespace {

using ::testing::HasSubstr;

TEST(HugePages, SharedOnesAreOk) {
  EXPECT_EQ(check_huge_pages({"madvise", "never", 0, kHugePageBytes}).verdict, Verdict::ok);
}

TEST(HugePages, WithoutSharedOnesSmallPagesAreUsed) {
  const Check check = check_huge_pages({"madvise", "deny", kHugePageBytes, 0});
  EXPECT_EQ(check.verdict, Verdict::fallback);
  EXPECT_THAT(check.found, HasSubstr("private memory does"));
  EXPECT_THAT(check.advice, HasSubstr("4 KiB"));
}

TEST(HugePages, TheChosenSettingIsRead) {
  const HugePageFacts facts = observe_huge_pages();
  EXPECT_EQ(facts.setting.find('['), std::string::npos);
}

}  // namespace
}  // namespace mayfly
