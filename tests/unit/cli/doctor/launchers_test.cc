#include "cli/doctor/launchers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mayfly {
namespace {

using ::testing::HasSubstr;

class LaunchersTest : public ::testing::Test {
 protected:
  LaunchersTest() {
    std::string pattern = ::testing::TempDir() + "mayfly-launchers-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~LaunchersTest() override { std::filesystem::remove_all(directory_); }

  std::string put(const std::string& name, const std::string& script, mode_t mode) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::string directory_;
};

TEST_F(LaunchersTest, AProgramIsFoundInALaterDirectory) {
  const std::string program = put("srun", "", 0755);
  EXPECT_EQ(find_on_path("srun", "/nowhere::" + directory_), program);
}

TEST_F(LaunchersTest, WhatCannotBeRunIsNotFound) {
  put("srun", "", 0644);
  std::filesystem::create_directory(directory_ + "/mpirun");
  EXPECT_EQ(find_on_path("srun", directory_), "");
  EXPECT_EQ(find_on_path("mpirun", directory_), "");
  EXPECT_EQ(find_on_path("mpirun", ""), "");
}

TEST_F(LaunchersTest, TheVersionIsTheFirstLineWithADigit) {
  const std::string program =
      put("mpirun", "echo Details:; echo '    Version:     4.0.2  '; echo 5", 0755);
  EXPECT_EQ(version_of(program), "Version: 4.0.2");
}

TEST_F(LaunchersTest, AProgramThatSaysNothingHasNoVersion) {
  EXPECT_EQ(version_of(put("mpirun", "exit 1", 0755)), "");
  EXPECT_EQ(version_of(directory_ + "/missing"), "");
}

TEST_F(LaunchersTest, EndlessOutputIsCut) {
  EXPECT_EQ(version_of(put("mpirun", "while echo no; do :; done", 0755)), "");
}

TEST(Launchers, NoneIsAProblem) {
  const Check check = check_launchers({});
  EXPECT_EQ(check.verdict, Verdict::problem);
  EXPECT_THAT(check.advice, HasSubstr("install"));
}

TEST(Launchers, OneIsEnough) {
  const Check check = check_launchers({{"/usr/bin/srun", "slurm 22.05"}});
  EXPECT_EQ(check.verdict, Verdict::ok);
  EXPECT_THAT(check.found, HasSubstr("slurm 22.05"));
}

}  // namespace
}  // namespace mayfly
