#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "metadata/namespace.h"
#include "unit/metadata/namespace_fixture.h"

namespace mayfly {
namespace {

using NamespaceDirectoryTest = NamespaceTest;

TEST_F(NamespaceDirectoryTest, AFrozenDirectoryTakesNothingNewUntilItIsThawed) {
  const FileId directory = make_directory("d");
  EXPECT_EQ(*shard_.freeze_children(directory), 0u);
  EXPECT_EQ(create_error(directory, "a"), Errc::busy);
  EXPECT_EQ(error_of(shard_.make_directory(directory, "a", creation())), Errc::busy);
  EXPECT_EQ(error_of(shard_.lookup(directory, "a")), Errc::no_entry);
  shard_.thaw(directory);
  make_file("a", directory);
}

TEST_F(NamespaceDirectoryTest, ADirectoryWithEntriesIsCountedAndNotFrozen) {
  const FileId directory = make_directory("d");
  make_file("a", directory);
  make_file("b", directory);
  EXPECT_EQ(*shard_.freeze_children(directory), 2u);
  make_file("c", directory);
  EXPECT_EQ(error_of(Result<int>(to_errc(shard_.entomb(directory)))), Errc::not_empty);
}

TEST_F(NamespaceDirectoryTest, TwoRemovalsDoNotFreezeTheSameDirectory) {
  const FileId directory = make_directory("d");
  ASSERT_TRUE(shard_.freeze_children(directory));
  EXPECT_EQ(error_of(shard_.freeze_children(directory)), Errc::busy);
}

TEST_F(NamespaceDirectoryTest, TheRootCannotBeRemoved) {
  EXPECT_EQ(error_of(shard_.freeze_children(kRootId)), Errc::busy);
  EXPECT_EQ(to_errc(shard_.entomb(kRootId)), Errc::busy);
}

TEST_F(NamespaceDirectoryTest, BelowAnEntombedDirectoryEverythingIsStale) {
  const FileId directory = make_directory("d");
  remove_directory("d", directory);
  EXPECT_EQ(error_of(shard_.lookup(directory, "a")), Errc::stale);
  EXPECT_EQ(create_error(directory, "a", false), Errc::stale);
  EXPECT_EQ(error_of(shard_.make_directory(directory, "a", creation())), Errc::stale);
  EXPECT_EQ(error_of(shard_.remove_file(directory, "a", kNow)), Errc::stale);
  EXPECT_EQ(error_of(shard_.read_directory(directory, 0, 10)), Errc::stale);
  EXPECT_EQ(error_of(shard_.freeze_children(directory)), Errc::stale);
  EXPECT_EQ(error_of(shard_.lookup(kRootId, "d")), Errc::no_entry);
}

TEST_F(NamespaceDirectoryTest, BetweenDropAndTombstoneNothingIsMadeBelow) {
  const FileId directory = make_directory("d");
  ASSERT_TRUE(shard_.freeze_children(directory));
  ASSERT_TRUE(drop_directory("d", directory));
  EXPECT_EQ(create_error(directory, "a"), Errc::stale);
}

TEST_F(NamespaceDirectoryTest, FencesWorkWhereNeitherInodeNorDentryIs) {
  Namespace other(1, 2, 0x1234);
  const FileId directory{0x1234 << 16, 77};
  std::string name = "a";
  while (server_of_name(directory, name, 2) != 1) name += "a";
  EXPECT_EQ(*other.freeze_children(directory), 0u);
  EXPECT_EQ(error_of(other.create_file(directory, name, creation(), true)), Errc::busy);
  ASSERT_TRUE(other.entomb(directory));
  EXPECT_EQ(error_of(other.create_file(directory, name, creation(), true)), Errc::stale);
  EXPECT_EQ(error_of(other.lookup(directory, name)), Errc::stale);
  EXPECT_EQ(other.counts().tombstones, 1u);
}

TEST_F(NamespaceDirectoryTest, ARemovedNameCanBeADirectoryAgain) {
  remove_directory("d", make_directory("d"));
  make_file("a", make_directory("d"));
}

TEST_F(NamespaceDirectoryTest, ARemovedDirectoryThatIsOpenIsAnOrphanWithoutDataToDrop) {
  const FileId directory = make_directory("d");
  ASSERT_TRUE(shard_.open(directory, Access::read));
  remove_directory("d", directory);
  EXPECT_EQ(shard_.counts().orphans, 1u);
  EXPECT_FALSE(shard_.close(directory, Access::read)->drop_data);
  EXPECT_EQ(shard_.counts().inodes, 1u);
}

TEST_F(NamespaceDirectoryTest, ReadDirectoryGivesPagesInOrderOfCreation) {
  for (const char* name : {"c", "a", "b"}) make_file(name);
  const DirectoryPage first = *shard_.read_directory(kRootId, 0, 2);
  ASSERT_EQ(first.entries.size(), 2u);
  EXPECT_EQ(first.entries[0].name, "c");
  EXPECT_EQ(first.entries[1].name, "a");
  EXPECT_TRUE(first.entries[1].entry.attributes);
  EXPECT_FALSE(first.at_end);
  const DirectoryPage second = *shard_.read_directory(kRootId, first.next_cookie, 2);
  ASSERT_EQ(second.entries.size(), 1u);
  EXPECT_EQ(second.entries[0].name, "b");
  EXPECT_TRUE(second.at_end);
}

TEST_F(NamespaceDirectoryTest, AFullLastPageIsTheEnd) {
  make_file("a");
  make_file("b");
  EXPECT_TRUE(shard_.read_directory(kRootId, 0, 2)->at_end);
}

TEST_F(NamespaceDirectoryTest, AnEmptyDirectoryIsOnePageWithoutEntries) {
  const DirectoryPage page = *shard_.read_directory(make_directory("d"), 0, 10);
  EXPECT_TRUE(page.entries.empty());
  EXPECT_TRUE(page.at_end);
}

TEST_F(NamespaceDirectoryTest, ReadDirectoryOfAFileIsRefused) {
  EXPECT_EQ(error_of(shard_.read_directory(make_file("a"), 0, 1)), Errc::not_a_directory);
}

TEST_F(NamespaceDirectoryTest, EntriesThatStayAreReadOnceThoughOthersComeAndGo) {
  const auto name = [](int i) { return "f" + std::to_string(i); };
  for (int i = 0; i < 1000; ++i) make_file(name(i));
  std::vector<int> seen(1000);
  std::uint64_t cookie = 0;
  for (int round = 0; round < 100; ++round) {
    const DirectoryPage page = *shard_.read_directory(kRootId, cookie, 10);
    for (const NamedEntry& entry : page.entries) {
      if (entry.name[0] == 'f') ++seen[std::stoul(entry.name.substr(1))];
    }
    cookie = page.next_cookie;
    // The odd ones go, from both ends of what is still to be read and what was read.
    for (int i = round * 10 + 1; i < round * 10 + 10; i += 4) {
      ASSERT_TRUE(shard_.remove_file(kRootId, name(i % 1000), kNow));
    }
    make_file("new" + std::to_string(round));
  }
  for (int i = 0; i < 1000; i += 2) EXPECT_EQ(seen[static_cast<std::size_t>(i)], 1) << i;
}

}  // namespace
}  // namespace mayfly
