#include <gtest/gtest.h>

#include <string>

#include "metadata/session_check.h"
#include "unit/metadata/namespace_fixture.h"

namespace mayfly {
namespace {

class NamespaceLinksTest : public NamespaceTest {
 protected:
  ~NamespaceLinksTest() override {
    const auto whole = check_session({&shard_});
    EXPECT_TRUE(whole) << whole.error().sentence;
  }
  Errc lookup_error(std::string_view name, FileId parent = kRootId) {
    return error_of(shard_.lookup(parent, name));
  }
  std::uint32_t links(FileId id) { return shard_.get_attributes(id)->nlink; }
  /// What the coordinator of a link does.
  void link(FileId id, std::string_view name) {
    ASSERT_TRUE(shard_.add_link(id, kLater));
    ASSERT_TRUE(shard_.link_name(kRootId, name, id, DentryType::regular, kLater));
  }
};

TEST_F(NamespaceLinksTest, AFileLivesAsLongAsOneOfItsNames) {
  const FileId id = make_file("a");
  link(id, "b");
  EXPECT_EQ(links(id), 2u);
  EXPECT_FALSE(shard_.remove_file(kRootId, "a", kLater)->drop_data);
  EXPECT_EQ(links(id), 1u);
  EXPECT_EQ(shard_.lookup(kRootId, "b")->id, id);
  EXPECT_TRUE(shard_.remove_file(kRootId, "b", kLater)->drop_data);
}

TEST_F(NamespaceLinksTest, NeitherDirectoriesNorOrphansAreLinkedAndNoFileTooOften) {
  EXPECT_EQ(to_errc(shard_.add_link(make_directory("d"), kLater)), Errc::not_permitted);
  const FileId id = make_file("a");
  ASSERT_TRUE(shard_.open(id, Access::read));
  ASSERT_TRUE(shard_.remove_file(kRootId, "a", kLater));
  EXPECT_EQ(to_errc(shard_.add_link(id, kLater)), Errc::no_entry);
  ASSERT_TRUE(shard_.close(id, Access::read));
  const FileId popular = make_file("p");
  for (std::uint32_t i = 1; i < Inode::kMaxLinks; ++i)
    ASSERT_TRUE(shard_.add_link(popular, kLater));
  EXPECT_EQ(to_errc(shard_.add_link(popular, kLater)), Errc::too_many_links);
  for (std::uint32_t i = 1; i < Inode::kMaxLinks; ++i)
    ASSERT_TRUE(shard_.drop_link(popular, kLater));
}

TEST_F(NamespaceLinksTest, ASymbolicLinkKeepsItsTarget) {
  ASSERT_TRUE(shard_.make_symbolic_link(kRootId, "l", "over/there", creation()));
  const Entry link = *shard_.lookup(kRootId, "l");
  EXPECT_EQ(link.type, DentryType::symbolic_link);
  EXPECT_EQ(link.target, "over/there");
  EXPECT_EQ(link.attributes->size, 10u);
  EXPECT_TRUE(S_ISLNK(link.attributes->mode));
  const std::string longest(kMaxTargetBytes, 't');
  EXPECT_TRUE(shard_.make_symbolic_link(kRootId, "long", longest, creation()));
  EXPECT_EQ(error_of(shard_.make_symbolic_link(kRootId, "x", longest + "t", creation())),
            Errc::invalid);
  EXPECT_EQ(error_of(shard_.make_symbolic_link(kRootId, "x", "", creation())), Errc::invalid);
  EXPECT_EQ(error_of(shard_.make_symbolic_link(kRootId, "l", "y", creation())), Errc::exists);
}

TEST_F(NamespaceLinksTest, AHeldNameCanBeNeitherFoundNorMadeNorRemoved) {
  const FileId id = make_file("a");
  EXPECT_EQ((*shard_.hold(kRootId, "a"))->id, id);
  EXPECT_FALSE(shard_.hold(kRootId, "new")->has_value());
  for (const char* name : {"a", "new"}) {
    EXPECT_EQ(lookup_error(name), Errc::busy);
    EXPECT_EQ(create_error(kRootId, name), Errc::busy);
    EXPECT_EQ(error_of(shard_.make_directory(kRootId, name, creation())), Errc::busy);
    EXPECT_EQ(error_of(shard_.make_symbolic_link(kRootId, name, "t", creation())), Errc::busy);
    EXPECT_EQ(to_errc(shard_.link_name(kRootId, name, id, DentryType::regular, kLater)),
              Errc::busy);
    EXPECT_EQ(error_of(shard_.remove_file(kRootId, name, kLater)), Errc::busy);
    EXPECT_EQ(error_of(shard_.hold(kRootId, name)), Errc::busy);
    shard_.release(kRootId, name);
  }
  EXPECT_EQ(lookup_error("a"), Errc::ok);
  EXPECT_EQ(lookup_error("new"), Errc::no_entry);
}

TEST_F(NamespaceLinksTest, ARenamedDirectoryIsWhereItWasPut) {
  const FileId inner = make_directory("inner");
  const FileId outer = make_directory("outer");
  ASSERT_TRUE(shard_.hold(kRootId, "inner"));
  ASSERT_TRUE(shard_.hold(outer, "new"));
  ASSERT_TRUE(shard_.put(outer, "new", inner, DentryType::directory, kLater));
  shard_.drop(kRootId, "inner", kLater);
  ASSERT_TRUE(shard_.renamed(inner, outer, kLater));
  shard_.release(kRootId, "inner");
  shard_.release(outer, "new");
  EXPECT_EQ(lookup_error("inner"), Errc::no_entry);
  EXPECT_EQ(shard_.lookup(outer, "new")->id, inner);
  EXPECT_EQ(*shard_.parent_of(inner), outer);
  EXPECT_EQ(shard_.get_attributes(inner)->ctime_ns, kLater);
}

TEST_F(NamespaceLinksTest, APutOntoANameKeepsItsPlaceInAListing) {
  make_file("a");
  const FileId old = make_file("b");
  make_file("c");
  const FileId moved = make_file("d");
  const DirectoryPage before = *shard_.read_directory(kRootId, 0, 2);
  ASSERT_TRUE(shard_.hold(kRootId, "b"));
  ASSERT_TRUE(shard_.hold(kRootId, "d"));
  ASSERT_TRUE(shard_.put(kRootId, "b", moved, DentryType::regular, kLater));
  shard_.drop(kRootId, "d", kLater);
  shard_.release(kRootId, "b");
  shard_.release(kRootId, "d");
  EXPECT_TRUE(shard_.drop_link(old, kLater)->drop_data);
  const DirectoryPage after = *shard_.read_directory(kRootId, before.next_cookie, 10);
  ASSERT_EQ(after.entries.size(), 1u);
  EXPECT_EQ(after.entries[0].name, "c");
}

TEST_F(NamespaceLinksTest, NothingIsPutIntoADirectoryThatIsBeingRemoved) {
  const FileId directory = make_directory("d");
  const FileId file = make_file("a");
  ASSERT_TRUE(shard_.hold(directory, "x"));
  ASSERT_TRUE(shard_.freeze_children(directory));
  const auto put = [&] {
    return to_errc(shard_.put(directory, "x", file, DentryType::regular, kLater));
  };
  EXPECT_EQ(put(), Errc::busy);
  ASSERT_TRUE(drop_directory("d", directory));
  ASSERT_TRUE(shard_.entomb(directory));
  EXPECT_EQ(put(), Errc::stale);
  shard_.release(directory, "x");
}

TEST_F(NamespaceLinksTest, TheTreeIsHeldByOneAtATime) {
  ASSERT_TRUE(shard_.hold(kRootId, ""));
  EXPECT_EQ(error_of(shard_.hold(kRootId, "")), Errc::busy);
  EXPECT_EQ(error_of(shard_.hold(make_directory("d"), "")), Errc::invalid);
  shard_.release(kRootId, "");
  EXPECT_TRUE(shard_.hold(kRootId, ""));
  shard_.release(kRootId, "");
}

TEST_F(NamespaceLinksTest, AFileWithMoreNamesThanItCountsLosesThemAll) {
  const FileId id = make_file("a");
  ASSERT_TRUE(shard_.link_name(kRootId, "b", id, DentryType::regular, kLater));
  ASSERT_TRUE(shard_.open(id, Access::read));
  EXPECT_FALSE(shard_.remove_file(kRootId, "a", kLater)->drop_data);
  EXPECT_FALSE(shard_.remove_file(kRootId, "b", kLater)->drop_data);
  EXPECT_TRUE(shard_.close(id, Access::read)->drop_data);
}

TEST_F(NamespaceLinksTest, ADirectoryIsUnsettledUntilAllItsNewsAreIn) {
  const FileId directory = make_directory("d");
  const auto is_settled = [&] { return shard_.get_attributes(directory)->flags == 0; };
  EXPECT_TRUE(is_settled());
  ASSERT_TRUE(shard_.note_news(directory, 3));
  EXPECT_FALSE(is_settled());
  EXPECT_EQ(*shard_.begin_settling(directory), std::vector<std::uint32_t>{3});
  EXPECT_FALSE(is_settled());
  ASSERT_TRUE(shard_.change_directory(directory, 3, {kLater, 2}));
  shard_.end_settling(directory);
  EXPECT_TRUE(is_settled());
  EXPECT_EQ(shard_.get_attributes(directory)->nlink, 4u);
  ASSERT_TRUE(shard_.change_directory(directory, 3, {kLater, 0}));
}

TEST(DirectoryNewsTest, WhatIsNewSinceTheLastNewsWereTakenIsNotAnnounced) {
  DirectoryNews news;
  const FileId directory{1, 2};
  news.note(directory, kNow);
  const std::uint64_t first = news.unannounced(directory);
  EXPECT_NE(first, 0u);
  EXPECT_EQ(news.take(directory), kNow);
  news.note(directory, kLater);
  news.announced(directory, first);
  EXPECT_NE(news.unannounced(directory), 0u);
  news.announced(directory, news.unannounced(directory));
  EXPECT_EQ(news.unannounced(directory), 0u);
}

TEST(SessionCheckTest, ANameThatLeadsToNoInodeIsFound) {
  Namespace shard(0, 1, 0x1234);
  shard.make_root(creation());
  const FileId id = shard.create_file(kRootId, "a", creation(), true)->entry.id;
  ASSERT_TRUE(check_session({&shard}));
  ASSERT_TRUE(shard.link_name(kRootId, "b", id, DentryType::regular, kNow));
  EXPECT_FALSE(check_session({&shard}));
  ASSERT_TRUE(shard.add_link(id, kNow));
  EXPECT_TRUE(check_session({&shard}));
  ASSERT_TRUE(shard.drop_link(id, kNow));
  ASSERT_TRUE(shard.drop_link(id, kNow));
  EXPECT_FALSE(check_session({&shard}));
}

TEST(SessionCheckTest, ADirectoryBelowItselfIsFound) {
  Namespace shard(0, 1, 0x1234);
  shard.make_root(creation());
  const FileId a = shard.make_directory(kRootId, "a", creation())->id;
  const FileId b = shard.make_directory(a, "b", creation())->id;
  ASSERT_TRUE(shard.hold(kRootId, "a"));
  ASSERT_TRUE(shard.hold(b, "a"));
  ASSERT_TRUE(shard.put(b, "a", a, DentryType::directory, kNow));
  shard.drop(kRootId, "a", kNow);
  EXPECT_FALSE(check_session({&shard}));
  ASSERT_TRUE(shard.renamed(a, b, kNow));
  EXPECT_FALSE(check_session({&shard}));
}

}  // namespace
}  // namespace mayfly
