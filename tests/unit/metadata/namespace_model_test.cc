// Random operations on the shards of a session, compared with a plain model of a file system. The
// test routes by server_of_name and coordinates rmdir and readdir as a server does.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "metadata/namespace.h"

namespace mayfly {
namespace {

constexpr int kOperations = 60'000;
/// Few, so that operations meet: no more directories are made while there are so many.
constexpr std::size_t kMaxDirectories = 40;
constexpr std::uint64_t kSalt = 0xfeed;

struct ModelFile {
  std::uint64_t size = 0;
  std::uint64_t grown = 0;
  std::uint32_t generation = 0;
  std::uint32_t mode = 0;
  int readers = 0;
  int writers = 0;
  bool has_name = true;
  bool end_unknown = false;
  bool pages_unknown = false;
  std::int64_t pages = 0;
  bool cut_failed = false;  ///< and none has succeeded since
  bool truncating = false;
};

struct ModelChild {
  FileId id;
  bool directory;
};

using ModelDirectory = std::map<std::string, ModelChild>;

class NamespaceModelTest : public ::testing::TestWithParam<std::tuple<std::uint32_t, unsigned>> {
 protected:
  NamespaceModelTest() : servers_(std::get<0>(GetParam())), random_(std::get<1>(GetParam())) {
    for (std::uint32_t server = 0; server < servers_; ++server) {
      shards_.emplace_back(server, servers_, kSalt);
    }
    shards_[0].make_root({.mode = 0755, .now_ns = 1});
    directories_[kRootId];
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::int64_t some_pages() { return static_cast<std::int64_t>(below(20)) - 5; }
  std::string any_name() { return "n" + std::to_string(below(6)); }
  Namespace& shard_of(FileId id) { return shards_[id.home()]; }
  Namespace& shard_of(FileId parent, const std::string& name) {
    return shards_[server_of_name(parent, name, servers_)];
  }
  template <class Map>
  auto any_of(Map& map) {
    return std::next(map.begin(), static_cast<long>(below(map.size())));
  }
  /// Mostly a directory that is there, now and then one that was removed.
  FileId any_directory() {
    if (!removed_.empty() && below(20) == 0) return removed_[below(removed_.size())];
    return any_of(directories_)->first;
  }
  Creation creation() {
    return {.mode = static_cast<std::uint32_t>(below(01000)), .now_ns = ++now_ns_};
  }
  const ModelChild* child(FileId parent, const std::string& name) {
    const auto directory = directories_.find(parent);
    if (directory == directories_.end()) return nullptr;
    const auto found = directory->second.find(name);
    return found == directory->second.end() ? nullptr : &found->second;
  }
  Errc missing(FileId parent) {
    return directories_.contains(parent) ? Errc::no_entry : Errc::stale;
  }

  void step();
  void lookup();
  void create();
  void make_directory();
  void remove_file();
  void remove_directory();
  void open();
  void close(bool died);
  void report();
  void truncate();
  void settle();
  void change_mode();
  void read_directory();
  void expect_freeze_holds(FileId directory, const std::vector<bool>& frozen);
  void forget_if_gone(FileId id, bool drop_data);
  void expect_same(FileId id);
  void expect_same_counts();

  std::uint32_t servers_;
  std::mt19937_64 random_;
  std::deque<Namespace> shards_;
  std::map<FileId, ModelDirectory> directories_;
  std::map<FileId, ModelFile> files_;
  std::vector<FileId> removed_;
  std::int64_t now_ns_ = 1;
  bool shrinking_ = false;  ///< removals prevail, so that directories become empty
};

template <class T>
Errc error_of(const Result<T>& result) {
  return result ? Errc::ok : result.error();
}

void NamespaceModelTest::lookup() {
  const FileId parent = any_directory();
  const std::string name = any_name();
  const auto found = shard_of(parent, name).lookup(parent, name);
  const ModelChild* expected = child(parent, name);
  ASSERT_EQ(error_of(found), expected != nullptr ? Errc::ok : missing(parent));
  if (expected == nullptr) return;
  ASSERT_EQ(found->id, expected->id);
  ASSERT_EQ(found->type, expected->directory ? DentryType::directory : DentryType::regular);
  ASSERT_TRUE(found->attributes);
}

void NamespaceModelTest::create() {
  if (shrinking_ && below(4) > 0) return remove_file();
  const FileId parent = any_directory();
  const std::string name = any_name();
  const bool exclusive = below(2) == 0;
  const Creation wanted = creation();
  const auto made = shard_of(parent, name).create_file(parent, name, wanted, exclusive);
  if (const ModelChild* old = child(parent, name)) {
    const Errc expected = exclusive        ? Errc::exists
                          : old->directory ? Errc::is_a_directory
                                           : Errc::ok;
    ASSERT_EQ(error_of(made), expected);
    ASSERT_TRUE(!made || (!made->created && made->entry.id == old->id));
    return;
  }
  if (!directories_.contains(parent)) {
    ASSERT_EQ(error_of(made), Errc::stale);
    return;
  }
  ASSERT_TRUE(made);
  ASSERT_TRUE(made->created);
  const FileId id = made->entry.id;
  ASSERT_TRUE(!files_.contains(id) && !directories_.contains(id)) << "the id was given out before";
  directories_[parent][name] = {id, false};
  files_[id].mode = S_IFREG | wanted.mode;
}

void NamespaceModelTest::make_directory() {
  if (shrinking_ || directories_.size() >= kMaxDirectories) return remove_directory();
  const FileId parent = any_directory();
  const std::string name = any_name();
  const auto made = shard_of(parent, name).make_directory(parent, name, creation());
  if (child(parent, name) != nullptr) {
    ASSERT_EQ(error_of(made), Errc::exists);
  } else if (!directories_.contains(parent)) {
    ASSERT_EQ(error_of(made), Errc::stale);
  } else {
    ASSERT_TRUE(made);
    directories_[parent][name] = {made->id, true};
    directories_[made->id];
  }
}

void NamespaceModelTest::forget_if_gone(FileId id, bool drop_data) {
  const ModelFile& file = files_[id];
  const bool gone = !file.has_name && file.readers + file.writers == 0;
  ASSERT_EQ(drop_data, gone);
  if (!gone) return;
  files_.erase(id);
  ASSERT_EQ(error_of(shard_of(id).get_attributes(id)), Errc::no_entry);
}

void NamespaceModelTest::remove_file() {
  const FileId parent = any_directory();
  const std::string name = any_name();
  const auto release = shard_of(parent, name).remove_file(parent, name, ++now_ns_);
  const ModelChild* old = child(parent, name);
  if (old == nullptr || old->directory) {
    ASSERT_EQ(error_of(release), old != nullptr ? Errc::is_a_directory : missing(parent));
    return;
  }
  ASSERT_TRUE(release);
  const FileId id = old->id;
  ASSERT_EQ(release->attributes.id, id);
  directories_[parent].erase(name);
  files_[id].has_name = false;
  forget_if_gone(id, release->drop_data);
}

/// Creations in a directory that is being removed wait where it is frozen.
void NamespaceModelTest::expect_freeze_holds(FileId directory, const std::vector<bool>& frozen) {
  for (int i = 20; i < 24; ++i) {
    const std::string name = "n" + std::to_string(i);
    if (!frozen[server_of_name(directory, name, servers_)]) continue;
    const auto made = shard_of(directory, name).create_file(directory, name, creation(), true);
    ASSERT_EQ(error_of(made), Errc::busy);
  }
}

void NamespaceModelTest::remove_directory() {
  const FileId parent = any_directory();
  const std::string name = any_name();
  const ModelChild* found = child(parent, name);
  if (found == nullptr || !found->directory) return;
  const FileId id = found->id;
  std::uint64_t children = 0;
  std::vector<bool> frozen(servers_);
  for (std::uint32_t server = 0; server < servers_; ++server) {
    const auto count = shards_[server].freeze_children(id);
    ASSERT_TRUE(count);
    frozen[server] = *count == 0;
    children += *count;
  }
  ASSERT_EQ(children, directories_[id].size());
  expect_freeze_holds(id, frozen);
  if (children > 0) {
    for (std::uint32_t server = 0; server < servers_; ++server) {
      if (frozen[server]) shards_[server].thaw(id);
    }
    return;
  }
  ASSERT_TRUE(shard_of(parent, name).hold(parent, name));
  shard_of(parent, name).drop(parent, name, ++now_ns_);
  shard_of(parent, name).release(parent, name);
  ASSERT_TRUE(shard_of(id).drop_link(id, now_ns_));
  for (Namespace& shard : shards_) ASSERT_TRUE(shard.entomb(id));
  directories_[parent].erase(name);
  directories_.erase(id);
  removed_.push_back(id);
}

void NamespaceModelTest::open() {
  if (files_.empty()) return;
  const auto [id, file] = *any_of(files_);
  const bool writes = below(2) == 0;
  ASSERT_TRUE(shard_of(id).open(id, writes ? Access::write : Access::read));
  ++(writes ? files_[id].writers : files_[id].readers);
}

void NamespaceModelTest::close(bool died) {
  if (files_.empty()) return;
  const FileId id = any_of(files_)->first;
  ModelFile& file = files_[id];
  const bool writes = below(2) == 0;
  int& count = writes ? file.writers : file.readers;
  const Access access = writes ? Access::write : Access::read;
  if (count == 0) {
    ASSERT_EQ(error_of(shard_of(id).close(id, access)), Errc::bad_descriptor);
    return;
  }
  --count;
  if (died) {
    file.end_unknown |= writes;
    file.pages_unknown |= writes;
    const auto release = shard_of(id).forget(id, access);
    ASSERT_TRUE(release);
    forget_if_gone(id, release->drop_data);
    return;
  }
  const SizeReport report{below(10'000), file.generation, ++now_ns_, some_pages()};
  if (writes) file.pages += report.pages;
  if (writes) file.size = std::max(file.size, report.size);
  if (writes) file.grown = std::max(file.grown, report.size);
  const auto release = shard_of(id).close(id, access, report);
  ASSERT_TRUE(release);
  forget_if_gone(id, release->drop_data);
}

void NamespaceModelTest::report() {
  if (files_.empty()) return;
  const FileId id = any_of(files_)->first;
  ModelFile& file = files_[id];
  const bool late = file.generation > 0 && below(3) == 0;
  const std::uint64_t size = below(10'000);
  const std::uint32_t generation = file.generation - (late ? 1 : 0);
  const SizeReport report{size, generation, ++now_ns_, some_pages()};
  ASSERT_TRUE(shard_of(id).report_size(id, report));
  file.pages += report.pages;
  if (late) return;
  file.size = std::max(file.size, size);
  file.grown = std::max(file.grown, size);
}

void NamespaceModelTest::truncate() {
  if (files_.empty()) return;
  const FileId id = any_of(files_)->first;
  ModelFile& file = files_[id];
  if (!file.truncating) {
    const auto generation = shard_of(id).begin_truncate(id, ++now_ns_);
    ASSERT_TRUE(generation);
    ASSERT_EQ(*generation, ++file.generation);
    file.truncating = true;
    file.grown = 0;
    return;
  }
  ASSERT_EQ(error_of(shard_of(id).begin_truncate(id, ++now_ns_)), Errc::busy);
  file.truncating = false;
  if (below(4) == 0) {
    ASSERT_TRUE(shard_of(id).abandon_truncate(id));
    file.end_unknown = file.pages_unknown = file.cut_failed = true;
    return;
  }
  const std::uint64_t size = below(10'000);
  const std::uint64_t pages_freed = below(10);
  ASSERT_TRUE(shard_of(id).finish_truncate(id, size, pages_freed, ++now_ns_));
  file.pages -= static_cast<std::int64_t>(pages_freed);
  file.size = std::max(size, file.grown);
  file.cut_failed = false;
}

void NamespaceModelTest::settle() {
  if (files_.empty()) return;
  const FileId id = any_of(files_)->first;
  ModelFile& file = files_[id];
  const SettleTicket ticket = *shard_of(id).settle_ticket(id);
  const std::uint64_t size = below(10'000);
  ASSERT_TRUE(shard_of(id).settle(id, size, ticket));
  file.size = std::max(file.size, size);
  if (!file.truncating && !file.cut_failed) file.end_unknown = false;
}

void NamespaceModelTest::change_mode() {
  if (files_.empty()) return;
  const FileId id = any_of(files_)->first;
  const auto mode = static_cast<std::uint32_t>(below(01000));
  ASSERT_TRUE(
      shard_of(id).set_attributes(id, {.mask = AttributeChange::kMode, .mode = mode}, ++now_ns_));
  files_[id].mode = S_IFREG | mode;
}

void NamespaceModelTest::read_directory() {
  const FileId id = any_directory();
  std::map<std::string, FileId> seen;
  for (Namespace& shard : shards_) {
    std::uint64_t cookie = 0;
    for (bool at_end = false; !at_end;) {
      const auto page = shard.read_directory(id, cookie, 1 + below(5));
      ASSERT_EQ(error_of(page), directories_.contains(id) ? Errc::ok : Errc::stale);
      if (!page) return;
      for (const NamedEntry& entry : page->entries) {
        ASSERT_TRUE(seen.emplace(entry.name, entry.entry.id).second) << entry.name;
      }
      cookie = page->next_cookie;
      at_end = page->at_end;
    }
  }
  std::map<std::string, FileId> expected;
  for (const auto& [name, found] : directories_[id]) expected.emplace(name, found.id);
  ASSERT_EQ(seen, expected);
}

void NamespaceModelTest::expect_same(FileId id) {
  const ModelFile& file = files_[id];
  const auto attributes = shard_of(id).get_attributes(id);
  ASSERT_TRUE(attributes);
  ASSERT_EQ(attributes->size, file.size);
  ASSERT_EQ(attributes->mode, file.mode);
  ASSERT_EQ(attributes->truncate_generation, file.generation);
  ASSERT_EQ(attributes->nlink, file.has_name ? 1u : 0u);
  ASSERT_EQ(attributes->flags, file.writers > 0 || file.pages_unknown ? kUnsettled : 0u);
  const auto known = shard_of(id).end_is_known(id);
  ASSERT_EQ(known && *known, file.writers == 0 && !file.end_unknown);
  ASSERT_EQ(attributes->blocks_512,
            file.pages > 0 ? static_cast<std::uint64_t>(file.pages) * 8 : 0);
}

void NamespaceModelTest::expect_same_counts() {
  NamespaceCounts total;
  for (const Namespace& shard : shards_) {
    const auto consistent = shard.check_consistency();
    ASSERT_TRUE(consistent) << consistent.error().sentence;
    const NamespaceCounts counts = shard.counts();
    total.inodes += counts.inodes;
    total.dentries += counts.dentries;
    total.orphans += counts.orphans;
    ASSERT_EQ(counts.tombstones, removed_.size());
  }
  std::uint64_t names = 0;
  std::uint64_t orphans = 0;
  for (const auto& [id, directory] : directories_) names += directory.size();
  for (const auto& [id, file] : files_) orphans += file.has_name ? 0 : 1;
  ASSERT_EQ(total.dentries, names);
  ASSERT_EQ(total.orphans, orphans);
  ASSERT_EQ(total.inodes, files_.size() + directories_.size());
  for (const auto& [id, file] : files_) expect_same(id);
}

void NamespaceModelTest::step() {
  switch (below(16)) {
    case 0:
      return lookup();
    case 1:
    case 2:
      return create();
    case 3:
      return make_directory();
    case 4:
    case 15:
      return remove_file();
    case 5:
    case 6:
      return remove_directory();
    case 7:
      return open();
    case 8:
    case 9:
      return close(below(4) == 0);
    case 10:
      return report();
    case 11:
      return truncate();
    case 12:
      return settle();
    case 13:
      return change_mode();
    default:
      return read_directory();
  }
}

TEST_P(NamespaceModelTest, BehavesLikeTheModel) {
  SCOPED_TRACE("servers " + std::to_string(servers_) + ", seed " +
               std::to_string(std::get<1>(GetParam())));
  for (int i = 0; i < kOperations; ++i) {
    shrinking_ = i / 2000 % 2 == 1;
    step();
    if (i % 1000 == 0 && !HasFatalFailure()) expect_same_counts();
    if (HasFatalFailure()) {
      std::printf("operation %d\n", i);
      return;
    }
  }
  expect_same_counts();
  std::printf("%zu directories, %zu files, %zu removed directories\n", directories_.size(),
              files_.size(), removed_.size());
}

INSTANTIATE_TEST_SUITE_P(ServersAndSeeds, NamespaceModelTest,
                         ::testing::Combine(::testing::Values(1u, 3u),
                                            ::testing::Values(1u, 2u, 3u)),
                         [](const auto& info) {
                           return std::to_string(std::get<0>(info.param)) + "ServersSeed" +
                                  std::to_string(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace mayfly
