#include "metadata/dentry_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace mayfly {
namespace {

constexpr FileId kParent{0, 5};

std::vector<std::string> names_after(const DentryTable& table, std::uint64_t cookie) {
  std::vector<std::string> names;
  if (const DirectoryOrder* order = table.children(kParent)) {
    order->walk(cookie, [&](const Dentry& dentry) {
      names.push_back(dentry.name);
      return true;
    });
  }
  return names;
}

TEST(DentryTableTest, NamesAreFoundByParentAndEveryByte) {
  DentryTable table;
  table.add(kParent, "a", {0, 10}, DentryType::regular);
  EXPECT_EQ(table.find(kParent, "a")->id, (FileId{0, 10}));
  EXPECT_EQ(table.find(kParent, "aa"), nullptr);
  EXPECT_EQ(table.find({0, 6}, "a"), nullptr);
  EXPECT_EQ(table.find({1, 5}, "a"), nullptr);
}

TEST(DentryTableTest, ADirectoryWithoutDentriesTakesNoMemory) {
  DentryTable table;
  table.remove(table.add(kParent, "a", {0, 10}, DentryType::regular));
  EXPECT_EQ(table.children(kParent), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(DentryTableTest, ACookieKeepsItsPlaceWhenItsDentryGoes) {
  DentryTable table;
  table.add(kParent, "a", {0, 10}, DentryType::regular);
  const Dentry& middle = table.add(kParent, "b", {0, 11}, DentryType::regular);
  table.add(kParent, "c", {0, 12}, DentryType::regular);
  const std::uint64_t cookie = middle.cookie;
  table.remove(middle);
  EXPECT_EQ(names_after(table, cookie), std::vector<std::string>{"c"});
}

TEST(DentryTableTest, TheOrderIsThatOfCreationWhateverGoes) {
  constexpr std::uint64_t kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  DentryTable table;
  std::map<std::uint64_t, std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    const bool growing = step / 2000 % 2 == 0;
    if (model.empty() || random() % 10 < (growing ? 7u : 3u)) {
      const std::string name = std::to_string(step);
      const Dentry& dentry = table.add(kParent, name, {0, 10}, DentryType::regular);
      model.emplace(dentry.cookie, name);
    } else {
      const auto victim = std::next(model.begin(), static_cast<long>(random() % model.size()));
      table.remove(*table.find(kParent, victim->second));
      model.erase(victim);
    }
    ASSERT_EQ(table.size_of(kParent), model.size());
    if (step % 100 != 0) continue;
    const std::uint64_t cookie = random() % static_cast<std::uint64_t>(step + 1);
    std::vector<std::string> expected;
    for (auto entry = model.upper_bound(cookie); entry != model.end(); ++entry) {
      expected.push_back(entry->second);
    }
    ASSERT_EQ(names_after(table, cookie), expected);
  }
}

}  // namespace
}  // namespace mayfly
