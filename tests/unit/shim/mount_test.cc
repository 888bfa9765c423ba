// Where paths lead, by their letters.
#include "shim/mount.h"

#include <gtest/gtest.h>

namespace mayfly::shim {
namespace {

constexpr std::string_view kPrefix = "/mayfly";

/// The path within the mount; "-" for one elsewhere, with what the kernel is to see instead.
std::string within(std::string_view path, std::string_view prefix = kPrefix) {
  const Whereabouts found = find_path(path, prefix);
  return found.is_below ? found.path : "-" + found.path;
}

TEST(MountTest, PathsBelowThePrefixAreOurs) {
  EXPECT_EQ(within("/mayfly"), "/");
  EXPECT_EQ(within("/mayfly/"), "/");
  EXPECT_EQ(within("/mayfly/a/b"), "/a/b");
  EXPECT_EQ(within("//mayfly//a"), "//a");
  EXPECT_EQ(within("/./mayfly/a/"), "/a/");
  EXPECT_EQ(within("/tmp/../mayfly/a"), "/a");
  EXPECT_EQ(within("/mayfly/a/../b"), "/a/../b");
}

TEST(MountTest, OthersAreTheKernels) {
  EXPECT_EQ(within("/"), "-");
  EXPECT_EQ(within("/mayfly2"), "-");
  EXPECT_EQ(within("/may"), "-");
  EXPECT_EQ(within("/tmp/mayfly"), "-");
}

TEST(MountTest, APathThroughTheMountAndOutIsShownToTheKernelWithoutIt) {
  EXPECT_EQ(within("/mayfly/.."), "-/");
  EXPECT_EQ(within("/mayfly/../tmp/x"), "-/tmp/x");
  EXPECT_EQ(within("/mayfly/a/../../tmp/"), "-/tmp/");
  EXPECT_EQ(within("/mayfly/../mayfly/a"), "/a");
}

TEST(MountTest, APrefixMayHaveSeveralComponents) {
  EXPECT_EQ(within("/a/b/c", "/a/b"), "/c");
  EXPECT_EQ(within("/a/c", "/a/b"), "-");
  EXPECT_EQ(within("/a/b/../c", "/a/b"), "-/a/c");
}

TEST(MountTest, NoPathOfOursIsPassedOver) {
  for (const char* const path : {"/mayfly", "//mayfly", "/./mayfly/x", "/tmp/../mayfly"}) {
    EXPECT_TRUE(may_be_below(path, kPrefix)) << path;
  }
  for (const char* const path : {"/usr/lib/x", "/tmp/a.b", "/etc/mayfly"}) {
    EXPECT_FALSE(may_be_below(path, kPrefix)) << path;
  }
}

TEST(MountTest, DotsAndSlashesAreTakenOut) {
  EXPECT_EQ(without_dots("/mayfly/a/./b//c/.."), "/mayfly/a/b");
  EXPECT_EQ(without_dots("/.."), "");
  EXPECT_EQ(without_dots("/mayfly/"), "/mayfly");
}

TEST(MountTest, DotDotIsAComponent) {
  EXPECT_TRUE(goes_up(".."));
  EXPECT_TRUE(goes_up("a/../b"));
  EXPECT_FALSE(goes_up("a/..b/c.."));
}

TEST(MountTest, ARelativePathIsJoined) {
  EXPECT_EQ(joined("/mayfly", "a"), "/mayfly/a");
  EXPECT_EQ(joined("/", "a"), "/a");
}

}  // namespace
}  // namespace mayfly::shim
