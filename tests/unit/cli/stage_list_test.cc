#include "cli/stage_list.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

using List = std::vector<SourceAndDestination>;

TEST(StageListTest, LinesHaveASourceAndADestination) {
  const auto list = parse_stage_list("a b\n\n# no copy\n  c\t\td  \n", "list");
  ASSERT_TRUE(list);
  EXPECT_EQ(*list, (List{{"a", "b"}, {"c", "d"}}));
}

TEST(StageListTest, BlanksCountWithinQuotations) {
  const auto list = parse_stage_list("\"two words\" \"a \\\"b\\\" \\\\\"\nx\" y\"z w\\n", "list");
  ASSERT_TRUE(list);
  EXPECT_EQ(*list, (List{{"two words", "a \"b\" \\"}, {"x yz", "w\\n"}}));
}

TEST(StageListTest, ALineThatIsWrongIsNamed) {
  for (const char* const text : {"a b\none\n", "a b\na b c\n", "a b\n\"a b\n", "a b\na \"\"\n"}) {
    const auto list = parse_stage_list(text, "list");
    ASSERT_FALSE(list) << text;
    EXPECT_EQ(list.error().sentence.rfind("list:2:", 0), 0U) << list.error().sentence;
  }
}

}  // namespace
}  // namespace mayfly
