#include "cli/doctor/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace mayfly {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Check kOk = {"kernel", Verdict::ok, "Linux 6.8"};
const Check kFallback = {"huge pages", Verdict::fallback, "none", "small pages are used."};
const Check kProblem = {"io_uring", Verdict::problem, "refused", "allow it."};

TEST(Report, AFallbackDoesNotStopMayflyFs) {
  const std::vector<Check> checks = {kOk, kFallback};
  EXPECT_TRUE(can_run(checks));
  EXPECT_THAT(report_text(checks), HasSubstr("-> small pages are used."));
  EXPECT_THAT(report_text(checks), HasSubstr("MayflyFS can run here."));
}

TEST(Report, AProblemDoesAndIsListedAtTheEnd) {
  const std::vector<Check> checks = {kProblem, kOk, kFallback};
  EXPECT_FALSE(can_run(checks));
  const std::string text = report_text(checks);
  EXPECT_THAT(text, Not(HasSubstr("MayflyFS can run here.")));
  EXPECT_THAT(text.substr(text.find("Change this")), HasSubstr("- io_uring: allow it."));
}

TEST(Report, JsonSaysTheSame) {
  const std::vector<Check> checks = {kProblem, kFallback};
  const auto root = nlohmann::json::parse(report_json(checks));
  EXPECT_EQ(root["can_run"], false);
  ASSERT_EQ(root["checks"].size(), 2u);
  EXPECT_EQ(root["checks"][0]["verdict"], "problem");
  EXPECT_EQ(root["checks"][0]["advice"], "allow it.");
  EXPECT_EQ(root["checks"][1]["name"], "huge pages");
}

TEST(Report, JsonSurvivesAPathThatIsNoText) {
  const std::vector<Check> checks = {{"scratch", Verdict::ok, "/tmp/\xff"}};
  EXPECT_TRUE(nlohmann::json::accept(report_json(checks)));
}

}  // namespace
}  // namespace mayfly
