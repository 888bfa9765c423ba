#include "metadata/namespace.h"

#include <gtest/gtest.h>

#include <string>

#include "unit/metadata/namespace_fixture.h"

namespace mayfly {
namespace {

TEST_F(NamespaceTest, TheRootIsADirectoryWithItsWellKnownId) {
  const Attributes root = *shard_.get_attributes(kRootId);
  EXPECT_EQ(root.id, kRootId);
  EXPECT_EQ(root.mode, S_IFDIR | 0750u);
  EXPECT_EQ(root.nlink, 2u);
}

TEST_F(NamespaceTest, ANewFileHasTheAttributesOfItsCreation) {
  const Created file = *shard_.create_file(kRootId, "a", creation(), true);
  EXPECT_TRUE(file.created);
  EXPECT_EQ(file.entry.type, DentryType::regular);
  const Attributes& attributes = *file.entry.attributes;
  EXPECT_EQ(attributes.id, file.entry.id);
  EXPECT_EQ(attributes.mode, S_IFREG | 0750u);
  EXPECT_EQ(attributes.uid, 7u);
  EXPECT_EQ(attributes.gid, 8u);
  EXPECT_EQ(attributes.nlink, 1u);
  EXPECT_EQ(attributes.size, 0u);
  EXPECT_EQ(attributes.flags, 0u);
  EXPECT_EQ(attributes.mtime_ns, kNow);
  EXPECT_EQ(*shard_.get_attributes(file.entry.id), attributes);
}

TEST_F(NamespaceTest, IdsCarryTheirHomeAndTheSaltAndAreNotUsedAgain) {
  const FileId first = make_file("a");
  EXPECT_EQ(first.home(), 0u);
  EXPECT_EQ(first.home_and_salt >> 16, 0x1234u);
  EXPECT_NE(first.serial, kRootId.serial);
  ASSERT_TRUE(shard_.remove_file(kRootId, "a", kNow));
  EXPECT_NE(make_file("a"), first);
}

TEST_F(NamespaceTest, LookupFindsANameWithItsAttributes) {
  const FileId id = make_directory("d");
  const Entry entry = *shard_.lookup(kRootId, "d");
  EXPECT_EQ(entry.id, id);
  EXPECT_EQ(entry.type, DentryType::directory);
  EXPECT_EQ(entry.attributes->nlink, 2u);
}

TEST_F(NamespaceTest, LookupOfAnUnknownNameGivesNoEntry) {
  EXPECT_EQ(error_of(shard_.lookup(kRootId, "a")), Errc::no_entry);
}

TEST_F(NamespaceTest, TheSameNameInTwoDirectoriesIsTwoFiles) {
  const FileId directory = make_directory("d");
  EXPECT_NE(make_file("a"), make_file("a", directory));
}

TEST_F(NamespaceTest, NamesOfUpTo255BytesAreTaken) {
  make_file(std::string(255, 'x'));
  EXPECT_EQ(create_error(kRootId, std::string(256, 'x')), Errc::name_too_long);
  EXPECT_EQ(error_of(shard_.lookup(kRootId, std::string(256, 'x'))), Errc::name_too_long);
}

TEST_F(NamespaceTest, NamesOfAnyOtherByteAreTaken) {
  for (int byte = 1; byte < 256; ++byte) {
    const std::string name = {'n', static_cast<char>(byte)};
    EXPECT_EQ(create_error(kRootId, name), byte == '/' ? Errc::invalid : Errc::ok) << byte;
  }
}

TEST_F(NamespaceTest, NamesThatNoFileCanHaveAreInvalid) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view name : {""sv, "."sv, ".."sv, "a/b"sv, "a\0b"sv}) {
    EXPECT_EQ(create_error(kRootId, name), Errc::invalid);
    EXPECT_EQ(error_of(shard_.make_directory(kRootId, name, creation())), Errc::invalid);
    EXPECT_EQ(error_of(shard_.lookup(kRootId, name)), Errc::invalid);
    EXPECT_EQ(error_of(shard_.remove_file(kRootId, name, kNow)), Errc::invalid);
  }
}

TEST_F(NamespaceTest, CreateOfAnExistingFileGivesThatFile) {
  const FileId id = make_file("a");
  const Created again = *shard_.create_file(kRootId, "a", creation(kLater), false);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.entry.id, id);
  EXPECT_EQ(again.entry.attributes->mtime_ns, kNow);
}

TEST_F(NamespaceTest, ExclusiveCreateOfAnythingExistingFails) {
  make_file("a");
  make_directory("d");
  EXPECT_EQ(create_error(kRootId, "a"), Errc::exists);
  EXPECT_EQ(create_error(kRootId, "d"), Errc::exists);
}

TEST_F(NamespaceTest, CreateOverADirectoryFails) {
  make_directory("d");
  EXPECT_EQ(create_error(kRootId, "d", false), Errc::is_a_directory);
}

TEST_F(NamespaceTest, MakeDirectoryOverAnythingFails) {
  make_file("a");
  make_directory("d");
  EXPECT_EQ(error_of(shard_.make_directory(kRootId, "a", creation())), Errc::exists);
  EXPECT_EQ(error_of(shard_.make_directory(kRootId, "d", creation())), Errc::exists);
}

TEST_F(NamespaceTest, CreateBelowAFileIsRefused) {
  EXPECT_EQ(create_error(make_file("a"), "b"), Errc::not_a_directory);
}

TEST_F(NamespaceTest, ALayoutThatTheSessionCannotHaveIsRefused) {
  Creation wrong = creation();
  wrong.layout.stripe_count = 2;
  EXPECT_EQ(error_of(shard_.create_file(kRootId, "a", wrong, true)), Errc::invalid);
  EXPECT_EQ(shard_.counts().dentries, 0u);
}

TEST_F(NamespaceTest, ANameOfAnotherServerIsRefused) {
  Namespace third(2, 3, 1);
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "f" + std::to_string(i);
    const bool here = server_of_name(kRootId, name, 3) == 2;
    EXPECT_EQ(error_of(third.create_file(kRootId, name, creation(), true)),
              here ? Errc::ok : Errc::invalid);
    taken += here ? 1 : 0;
  }
  EXPECT_EQ(third.counts().dentries, static_cast<std::uint64_t>(taken));
}

TEST_F(NamespaceTest, AFileThatIsPutIsSettledAndHasItsTimes) {
  NewFile file{shard_.new_id(), creation(), 5, 6, 4097, 2};
  ASSERT_TRUE(shard_.put_file(kRootId, "a", file));
  const Attributes attributes = *shard_.get_attributes(file.id);
  EXPECT_EQ(attributes.size, 4097u);
  EXPECT_EQ(attributes.blocks_512, 16u);
  EXPECT_EQ(attributes.flags, 0u);
  EXPECT_EQ(attributes.atime_ns, 5);
  EXPECT_EQ(attributes.mtime_ns, 6);
  EXPECT_EQ(attributes.ctime_ns, kNow);
  EXPECT_EQ(shard_.lookup(kRootId, "a")->id, file.id);
}

TEST_F(NamespaceTest, AFileThatIsPutReplacesAFileButNoDirectory) {
  const FileId old = make_file("a");
  make_directory("d");
  NewFile file{shard_.new_id(), creation(), 5, 6, 1, 1};
  EXPECT_EQ(error_of(shard_.put_file(kRootId, "d", file)), Errc::is_a_directory);
  const auto replaced = shard_.put_file(kRootId, "a", file);
  ASSERT_TRUE(replaced && replaced->has_value());
  EXPECT_TRUE((*replaced)->drop_data);
  EXPECT_EQ((*replaced)->attributes.id, old);
  EXPECT_EQ(error_of(shard_.get_attributes(old)), Errc::no_entry);
  ASSERT_TRUE(shard_.hold(kRootId, "a"));
  file.id = shard_.new_id();
  EXPECT_EQ(error_of(shard_.put_file(kRootId, "a", file)), Errc::busy);
  shard_.release(kRootId, "a");
}

TEST_F(NamespaceTest, RemovingAClosedFileDropsItsData) {
  const FileId id = make_file("a");
  const Release release = *shard_.remove_file(kRootId, "a", kLater);
  EXPECT_EQ(release.attributes.id, id);
  EXPECT_TRUE(release.drop_data);
  EXPECT_EQ(error_of(shard_.get_attributes(id)), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.lookup(kRootId, "a")), Errc::no_entry);
}

TEST_F(NamespaceTest, RemoveFileRefusesDirectoriesAndUnknownNames) {
  make_directory("d");
  EXPECT_EQ(error_of(shard_.remove_file(kRootId, "d", kLater)), Errc::is_a_directory);
  EXPECT_EQ(error_of(shard_.remove_file(kRootId, "a", kLater)), Errc::no_entry);
}

TEST_F(NamespaceTest, AnOpenFileOutlivesItsNameUntilTheLastClose) {
  const FileId id = make_file("a");
  ASSERT_TRUE(shard_.open(id, Access::read));
  ASSERT_TRUE(shard_.open(id, Access::write));
  EXPECT_FALSE(shard_.remove_file(kRootId, "a", kLater)->drop_data);
  EXPECT_EQ(shard_.get_attributes(id)->nlink, 0u);
  EXPECT_EQ(shard_.counts().orphans, 1u);
  EXPECT_FALSE(shard_.close(id, Access::write)->drop_data);
  const Release last = *shard_.close(id, Access::read);
  EXPECT_TRUE(last.drop_data);
  EXPECT_EQ(last.attributes.id, id);
  EXPECT_EQ(error_of(shard_.get_attributes(id)), Errc::no_entry);
  EXPECT_EQ(shard_.counts().orphans, 0u);
}

TEST_F(NamespaceTest, TheNameOfAnOrphanIsFreeAtOnce) {
  const FileId old = make_file("a");
  ASSERT_TRUE(shard_.open(old, Access::read));
  ASSERT_TRUE(shard_.remove_file(kRootId, "a", kLater));
  EXPECT_NE(make_file("a"), old);
  EXPECT_TRUE(shard_.close(old, Access::read)->drop_data);
  EXPECT_TRUE(shard_.lookup(kRootId, "a"));
}

TEST_F(NamespaceTest, TheDeathOfTheLastOpenerOfAnOrphanDropsItsData) {
  const FileId id = make_file("a");
  ASSERT_TRUE(shard_.open(id, Access::write));
  ASSERT_TRUE(shard_.remove_file(kRootId, "a", kLater));
  EXPECT_TRUE(shard_.forget(id, Access::write)->drop_data);
  EXPECT_EQ(shard_.counts().inodes, 1u);
}

TEST_F(NamespaceTest, AClosedFileWithANameKeepsItsData) {
  const FileId id = make_file("a");
  ASSERT_TRUE(shard_.open(id, Access::read));
  EXPECT_FALSE(shard_.close(id, Access::read)->drop_data);
}

TEST_F(NamespaceTest, CloseOfWhatIsNotOpenIsABadDescriptor) {
  const FileId id = make_file("a");
  ASSERT_TRUE(shard_.open(id, Access::read));
  EXPECT_EQ(error_of(shard_.close(id, Access::write)), Errc::bad_descriptor);
  EXPECT_EQ(error_of(shard_.forget(id, Access::write)), Errc::bad_descriptor);
}

TEST_F(NamespaceTest, UnknownIdsGiveNoEntry) {
  const FileId unknown{0, 999};
  EXPECT_EQ(error_of(shard_.get_attributes(unknown)), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.set_attributes(unknown, {}, kNow)), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.open(unknown, Access::read)), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.close(unknown, Access::read)), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.report_size(unknown, {})), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.begin_truncate(unknown, kNow)), Errc::no_entry);
  EXPECT_EQ(error_of(shard_.settle_ticket(unknown)), Errc::no_entry);
}

TEST_F(NamespaceTest, ADirectoryCanBeOpenedForReadingOnly) {
  const FileId id = make_directory("d");
  EXPECT_TRUE(shard_.open(id, Access::read));
  EXPECT_EQ(error_of(shard_.open(id, Access::write)), Errc::is_a_directory);
  EXPECT_EQ(error_of(shard_.begin_truncate(id, kNow)), Errc::is_a_directory);
}

TEST_F(NamespaceTest, SetAttributesChangesWhatTheMaskNames) {
  const FileId id = make_file("a");
  AttributeChange change{.mask = AttributeChange::kMode | AttributeChange::kAtime,
                         .mode = S_IFDIR | 0600,
                         .uid = 99,
                         .atime_ns = 5};
  const Attributes after = *shard_.set_attributes(id, change, kLater);
  EXPECT_EQ(after.mode, S_IFREG | 0600u);
  EXPECT_EQ(after.uid, 7u);
  EXPECT_EQ(after.atime_ns, 5);
  EXPECT_EQ(after.mtime_ns, kNow);
  EXPECT_EQ(after.ctime_ns, kLater);
  change = {.mask = AttributeChange::kUid | AttributeChange::kGid | AttributeChange::kMtime,
            .uid = 1,
            .gid = 2,
            .mtime_ns = 3};
  const Attributes last = *shard_.set_attributes(id, change, kLater);
  EXPECT_EQ(last.uid, 1u);
  EXPECT_EQ(last.gid, 2u);
  EXPECT_EQ(last.mtime_ns, 3);
  EXPECT_EQ(last.mode, after.mode);
}

TEST_F(NamespaceTest, ALocalParentIsTouchedWhenItsEntriesChange) {
  ASSERT_TRUE(shard_.create_file(kRootId, "a", creation(kLater), true));
  EXPECT_EQ(shard_.get_attributes(kRootId)->mtime_ns, kLater);
  ASSERT_TRUE(shard_.remove_file(kRootId, "a", kLater + 1));
  EXPECT_EQ(shard_.get_attributes(kRootId)->mtime_ns, kLater + 1);
}

TEST_F(NamespaceTest, TheEpochStartsAtOneAndGrows) {
  EXPECT_EQ(shard_.epoch(), 1u);
  shard_.raise_epoch(3);
  EXPECT_EQ(shard_.epoch(), 3u);
  shard_.raise_epoch(2);
  EXPECT_EQ(shard_.epoch(), 3u);
}

TEST_F(NamespaceTest, CountsFollowEveryChange) {
  make_file("a");
  const FileId directory = make_directory("d");
  remove_directory("d", directory);
  const NamespaceCounts counts = shard_.counts();
  EXPECT_EQ(counts.inodes, 2u);
  EXPECT_EQ(counts.dentries, 1u);
  EXPECT_EQ(counts.tombstones, 1u);
  EXPECT_EQ(counts.orphans, 0u);
}

}  // namespace
}  // namespace mayfly
