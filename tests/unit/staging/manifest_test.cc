#include "staging/manifest.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace mayfly {
namespace {

using Type = ManifestEntry::Type;

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() {
    EXPECT_NE(::mkdtemp(folder_), nullptr);
    path_ = std::string(folder_) + "/manifest";
  }
  ~ManifestTest() override {
    ::unlink(path_.c_str());
    ::rmdir(folder_);
  }
  static ManifestEntry file(const std::string& path, std::uint64_t size) {
    ManifestEntry entry;
    entry.path = path;
    entry.size = size;
    entry.mode = 04751;
    entry.modified = {1'000'000'000, 7};
    entry.blocks.assign(digest_blocks(size), Digest::of_zeros(1));
    entry.digest = Digest::of_blocks(entry.blocks);
    return entry;
  }
  void add(const ManifestEntry& entry) {
    auto manifest = Manifest::open(local_calls(), path_);
    ASSERT_TRUE(manifest);
    ASSERT_TRUE((*manifest)->add(entry));
  }
  Manifest::Content read() {
    auto content = Manifest::read(local_calls(), path_);
    EXPECT_TRUE(content);
    return content ? std::move(*content) : Manifest::Content();
  }
  void append(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }

  char folder_[32] = "/tmp/mayfly-test-XXXXXX";
  std::string path_;
};

TEST_F(ManifestTest, EntriesOfAllKindsAndNamesComeBack) {
  ManifestEntry link = file("link", 0);
  link.type = Type::symbolic_link;
  link.target = "to \xff\n";
  for (const std::string name : {"plain", "two words", "line\nfeed", "not \xff utf-8", "\"\\"}) {
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, kDigestBlockBytes + 1}) {
      const ManifestEntry entry = file(name, size);
      const auto back = decode_manifest_entry(encode(entry));
      ASSERT_TRUE(back) << encode(entry);
      EXPECT_EQ(back->path, name);
      EXPECT_EQ(back->size, size);
      EXPECT_EQ(back->mode, entry.mode);
      EXPECT_EQ(back->modified.tv_sec, entry.modified.tv_sec);
      EXPECT_EQ(back->modified.tv_nsec, entry.modified.tv_nsec);
      EXPECT_EQ(back->digest, entry.digest);
      EXPECT_EQ(back->blocks.size(), size > kDigestBlockBytes ? 2U : 0U);
    }
  }
  EXPECT_EQ(decode_manifest_entry(encode(link))->target, link.target);
}

TEST_F(ManifestTest, WhatIsNoEntryIsRefused) {
  for (const char* const line :
       {"", "{}", "[]", "{\"path\":\"a\"}", "{\"path\":\"a\",\"type\":\"file\"}",
        "{\"path\":\"a\",\"type\":\"pipe\"}", "{\"path\":7,\"type\":\"directory\"}",
        "{\"path_hex\":\"zz\",\"type\":\"directory\"}",
        "{\"path\":\"a\",\"type\":\"file\",\"digest\":\"00\"}",
        "{\"path\":\"a\",\"type\":\"directory\",\"mtime\":[1]}",
        "{\"path\":\"a\",\"type\":\"directory\",\"mode\":\"rwx\"}"}) {
    EXPECT_FALSE(decode_manifest_entry(line)) << line;
  }
}

TEST_F(ManifestTest, OneThatIsNotThereIsEmpty) {
  EXPECT_TRUE(read().entries.empty());
  EXPECT_FALSE(read().is_finished);
}

TEST_F(ManifestTest, TheLastLineOfAPathCountsAndHalfALineDoesNotHurt) {
  add(file("a", 1));
  add(file("b", 2));
  append("{\"path\":\"c\",\"ty");
  EXPECT_EQ(read().entries.size(), 2U);
  add(file("a", 3));
  ManifestEntry gone = file("b", 0);
  gone.type = Type::removed;
  add(gone);
  const auto content = read();
  ASSERT_EQ(content.entries.size(), 1U);
  EXPECT_EQ(content.entries.at("a").size, 3U);
}

TEST_F(ManifestTest, TheLinesOfAnotherOneBecomeItsOwn) {
  add(file("a", 1));
  add(file("b", 2));
  const std::string other = path_ + ".other";
  auto manifest = Manifest::open(local_calls(), other);
  ASSERT_TRUE(manifest && (*manifest)->add(file("a", 7)));
  ASSERT_TRUE((*manifest)->add_all(path_));
  ASSERT_TRUE((*manifest)->add(file("c", 3)));
  EXPECT_EQ((*manifest)->add_all(path_ + ".none").error(), Errc::no_entry);
  ASSERT_TRUE((*manifest)->finish());
  const auto content = Manifest::read(local_calls(), other);
  ASSERT_TRUE(content);
  EXPECT_TRUE(content->is_finished);
  EXPECT_EQ(content->entries.size(), 3U);
  EXPECT_EQ(content->entries.at("a").size, 1U);
  EXPECT_EQ(content->entries.at("c").size, 3U);
  ::unlink(other.c_str());
}

TEST_F(ManifestTest, ItIsFinishedOnlyIfThatIsTheLastLine) {
  auto manifest = Manifest::open(local_calls(), path_);
  ASSERT_TRUE(manifest);
  ASSERT_TRUE((*manifest)->add(file("a", 1)));
  ASSERT_TRUE((*manifest)->finish());
  EXPECT_TRUE(read().is_finished);
  manifest->reset();
  EXPECT_TRUE(read().is_finished);
  add(file("b", 1));
  EXPECT_FALSE(read().is_finished);
}

TEST_F(ManifestTest, AnotherFileIsNotTakenForOne) {
  append("notes\n");
  const auto content = Manifest::read(local_calls(), path_);
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error(), Errc::bad_message);
}

TEST(DigestTest, IsThatOfTheBytesUpToABlockAndOfTheBlocksBeyond) {
  // As xxh128sum prints them.
  EXPECT_EQ(Digest::of_blocks({}).text(), "99aa06d3014798d86001c324468d497f");
  const std::string text = "mayfly";
  const Digest one = Digest::of(std::as_bytes(std::span(text)));
  EXPECT_EQ(Digest::of_blocks({one}), one);
  EXPECT_NE(Digest::of_blocks({one, one}), one);
  EXPECT_EQ(Digest::parse(one.text()), one);
  EXPECT_FALSE(Digest::parse(one.text().substr(1)));
  EXPECT_FALSE(Digest::parse(std::string(32, 'g')));
  const std::vector<std::byte> zeros(kDigestBlockBytes);
  EXPECT_EQ(Digest::of_zeros(kDigestBlockBytes), Digest::of(zeros));
  EXPECT_EQ(Digest::of_zeros(5), Digest::of(Bytes(zeros).first(5)));
}

}  // namespace
}  // namespace mayfly
