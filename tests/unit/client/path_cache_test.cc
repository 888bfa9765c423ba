#include "client/path_cache.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(SplitTest, APathIsItsParentAndItsLastName) {
  const auto parts = split("/a/b/c");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->parent, "/a/b");
  EXPECT_EQ(parts->name, "c");
  EXPECT_FALSE(parts->must_be_directory);
}

TEST(SplitTest, ThePathOfADirectoryItselfHasNoName) {
  const std::pair<const char*, const char*> paths[] = {
      {"/", ""}, {"//", ""}, {"/.", ""}, {"/..", "/.."}, {"/a/.", "/a"}, {"/a/./..", "/a/.."}};
  for (const auto& [path, parent] : paths) {
    const auto parts = split(path);
    ASSERT_TRUE(parts) << path;
    EXPECT_EQ(parts->name, "") << path;
    EXPECT_EQ(parts->parent, parent) << path;
    EXPECT_TRUE(parts->must_be_directory) << path;
  }
}

TEST(SplitTest, DotsAndRepeatedSlashesGoAndDoubleDotsStay) {
  const auto parts = split("//a/./x/..//b");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->parent, "/a/x/..");
  EXPECT_EQ(parts->name, "b");
}

TEST(SplitTest, ATrailingSlashAsksForADirectory) {
  for (const char* path : {"/a/", "/a//"}) {
    const auto parts = split(path);
    ASSERT_TRUE(parts) << path;
    EXPECT_EQ(parts->name, "a") << path;
    EXPECT_TRUE(parts->must_be_directory) << path;
  }
}

TEST(SplitTest, ARelativePathBeginsAtItsDirectory) {
  const FileId directory{.home_and_salt = 0x12, .serial = 0xab};
  EXPECT_EQ(split(PathAt(directory, "x/y"))->parent, "#12:ab/x");
  EXPECT_EQ(split(PathAt(directory, "y"))->parent, "#12:ab");
  EXPECT_EQ(split(PathAt(directory, "/x/y"))->parent, "/x");
  EXPECT_EQ(split(PathAt(kRootId, "y"))->parent, "");
  EXPECT_EQ(PathCache::base_of("#12:ab"), directory);
  EXPECT_EQ(PathCache::base_of(""), kRootId);
}

TEST(CutTest, WhatItCutsIsWhatSplitSays) {
  for (const char* path : {"/a", "/a/b", "/a/b/c.d", "/..a/b", "/a/..b"}) {
    std::string_view parent;
    std::string_view name;
    ASSERT_TRUE(cut(path, parent, name)) << path;
    EXPECT_EQ(parent, split(path)->parent) << path;
    EXPECT_EQ(name, split(path)->name) << path;
  }
}

TEST(CutTest, PathsThatEndInADirectorysOwnNameOrAreRelativeOrTooLongAreNotCut) {
  const std::string long_name = "/" + std::string(256, 'n');
  std::string long_path;
  while (long_path.size() < 4096) long_path += "/n";
  for (const std::string& path :
       {std::string(), std::string("a"), std::string("a/b"), std::string("/"), std::string("/a/"),
        std::string("/a/."), std::string("/a/.."), long_name, long_path}) {
    std::string_view parent;
    std::string_view name;
    EXPECT_FALSE(cut(path, parent, name)) << path;
  }
}

TEST(SplitTest, NamesOf255AndPathsOf4095BytesAreTheLongest) {
  EXPECT_TRUE(split("/" + std::string(255, 'n')));
  EXPECT_EQ(split("/" + std::string(256, 'n')).error(), Errc::name_too_long);
  std::string path;
  while (path.size() < 4094) path += "/n";
  EXPECT_EQ(path.size(), 4094U);
  EXPECT_TRUE(split(path + "x"));
  EXPECT_EQ(split(path + "xy").error(), Errc::name_too_long);
}

TEST(SplitTest, AnEmptyPathIsNoEntryAndARelativeOneInvalid) {
  EXPECT_EQ(split("").error(), Errc::no_entry);
  EXPECT_EQ(split("a").error(), Errc::invalid);
}

KnownDirectory directory(std::uint64_t serial) {
  KnownDirectory known;
  known.id = {.home_and_salt = 1, .serial = serial};
  return known;
}

TEST(PathCacheTest, WhatWasInsertedIsFoundUntilItIsCleared) {
  PathCache cache;
  EXPECT_FALSE(cache.find("/a"));
  cache.insert("/a", directory(5));
  EXPECT_EQ(cache.find("/a")->id.serial, 5U);
  cache.clear();
  EXPECT_FALSE(cache.find("/a"));
}

TEST(PathCacheTest, AFullCacheStartsAnew) {
  PathCache cache;
  for (std::size_t i = 0; i <= PathCache::kMaxEntries; ++i) {
    cache.insert("/" + std::to_string(i), directory(i + 2));
  }
  EXPECT_FALSE(cache.find("/0"));
  EXPECT_TRUE(cache.find("/" + std::to_string(PathCache::kMaxEntries)));
}

}  // namespace
}  // namespace mayfly
