// NamespaceTest: the only shard of a session, checked for consistency at the end of each test.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "metadata/namespace.h"

namespace mayfly {

inline constexpr std::int64_t kNow = 1'000;
inline constexpr std::int64_t kLater = 2'000;

inline Creation creation(std::int64_t now_ns = kNow) {
  return {.mode = 0750, .uid = 7, .gid = 8, .layout = {}, .now_ns = now_ns};
}

template <class T>
Errc error_of(const Result<T>& result) {
  return result ? Errc::ok : result.error();
}

class NamespaceTest : public ::testing::Test {
 protected:
  NamespaceTest() { shard_.make_root(creation()); }
  ~NamespaceTest() override {
    const auto consistent = shard_.check_consistency();
    EXPECT_TRUE(consistent) << consistent.error().sentence;
  }

  FileId make_file(std::string_view name, FileId parent = kRootId) {
    return shard_.create_file(parent, name, creation(), true)->entry.id;
  }
  FileId make_directory(std::string_view name, FileId parent = kRootId) {
    return shard_.make_directory(parent, name, creation())->id;
  }
  /// What the coordinator of an rmdir does when it succeeds.
  void remove_directory(std::string_view name, FileId id, FileId parent = kRootId) {
    ASSERT_EQ(*shard_.freeze_children(id), 0u);
    ASSERT_TRUE(drop_directory(name, id, parent));
    ASSERT_TRUE(shard_.entomb(id));
  }
  bool drop_directory(std::string_view name, FileId id, FileId parent = kRootId) {
    if (!shard_.hold(parent, name)) return false;
    shard_.drop(parent, name, kLater);
    shard_.release(parent, name);
    return shard_.drop_link(id, kLater).has_value();
  }
  Errc create_error(FileId parent, std::string_view name, bool exclusive = true) {
    return error_of(shard_.create_file(parent, name, creation(), exclusive));
  }

  Namespace shard_{0, 1, 0x1234};
};

}  // namespace mayfly
