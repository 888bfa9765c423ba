#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace {

using ::testing::HasSubstr;

struct Outcome {
  int exit_code = -1;
  std::string output;
};

/// Runs the command `mayfly` as a shell would.
Outcome mayfly(const std::string& arguments) {
  Outcome outcome;
  std::FILE* pipe = ::popen((MAYFLY_PROGRAM " " + arguments + " 2>&1").c_str(), "re");
  std::array<char, 1024> piece{};
  for (std::size_t bytes = 1; bytes > 0;) {
    bytes = std::fread(piece.data(), 1, piece.size(), pipe);
    outcome.output.append(piece.data(), bytes);
  }
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

TEST(MayflyCommand, SaysItsVersion) {
  const Outcome outcome = mayfly("version");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("mayfly "));
  EXPECT_THAT(outcome.output, HasSubstr("UCX "));
}

TEST(MayflyCommand, WrongUsageGivesTwo) {
  EXPECT_EQ(mayfly("").exit_code, 2);
  EXPECT_EQ(mayfly("fly").exit_code, 2);
  EXPECT_EQ(mayfly("doctor --no-such-option").exit_code, 2);
}

TEST(MayflyCommand, HelpIsNoError) {
  const Outcome outcome = mayfly("doctor --help");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("--scratch"));
}

TEST(MayflyDoctor, BadScratchGivesOneAndSaysWhatToChange) {
  const Outcome outcome = mayfly("doctor --scratch /no/such/directory");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("/no/such/directory"));
  EXPECT_THAT(outcome.output, HasSubstr("create the directory"));
}

TEST(MayflyDoctor, JsonAgreesWithTheExitCode) {
  const Outcome outcome = mayfly("doctor --json --scratch /no/such/directory");
  EXPECT_EQ(outcome.exit_code, 1);
  const auto root = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(root["can_run"], false);
}

}  // namespace
