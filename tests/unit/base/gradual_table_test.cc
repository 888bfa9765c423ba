#include "base/gradual_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace mayfly {
namespace {

struct Item {
  explicit Item(std::uint64_t key) : key(key) { ++alive; }
  Item(const Item&) = delete;
  Item& operator=(const Item&) = delete;
  ~Item() { --alive; }
  std::uint64_t key;
  static inline int alive = 0;
};

/// How keys are hashed decides how they crowd.
using Hash = std::uint64_t (*)(std::uint64_t);

class GradualTableTest : public ::testing::TestWithParam<Hash> {
 protected:
  Item* find(std::uint64_t key) {
    return table_.find(GetParam()(key), [key](const Item& item) { return item.key == key; });
  }
  void insert(std::uint64_t key) {
    items_[key] = &table_.insert(GetParam()(key), std::make_unique<Item>(key));
  }
  void take(std::uint64_t key) {
    const auto found = items_.find(key);
    EXPECT_EQ(table_.take(GetParam()(key), *found->second).get(), found->second);
    items_.erase(found);
  }
  /// Every item is found where it was put, and nothing else is there.
  void expect_whole() {
    ASSERT_EQ(table_.size(), items_.size());
    for (const auto& [key, item] : items_) ASSERT_EQ(find(key), item) << key;
    const auto all = table_.all();
    ASSERT_EQ(std::set<const Item*>(all.begin(), all.end()).size(), items_.size());
    ASSERT_EQ(all.size(), items_.size());
  }

  std::map<std::uint64_t, Item*> items_;
  GradualTable<Item> table_;
};

TEST_P(GradualTableTest, ItKeepsItsItemsWhileItGrowsAndShrinks) {
  std::mt19937_64 random(7);
  // Chances of an insertion, in percent: it grows, stays, empties, and grows again.
  for (const unsigned chance : {100U, 70U, 50U, 20U, 5U, 80U, 0U}) {
    for (int i = 0; i < 3000; ++i) {
      const std::uint64_t key = random() % 1500;
      ASSERT_EQ(find(key) != nullptr, items_.contains(key));
      if (random() % 100 < chance) {
        if (!items_.contains(key)) insert(key);
      } else if (!items_.empty()) {
        auto some = items_.lower_bound(key);
        take(some == items_.end() ? items_.begin()->first : some->first);
      }
      if (i % 97 == 0) expect_whole();
      if (HasFatalFailure()) return;
    }
    expect_whole();
  }
}

TEST_P(GradualTableTest, ItFreesWhatIsLeft) {
  {
    GradualTable<Item> table;
    for (std::uint64_t key = 0; key < 100; ++key) {
      table.insert(GetParam()(key), std::make_unique<Item>(key));
    }
    EXPECT_EQ(Item::alive, 100);
  }
  EXPECT_EQ(Item::alive, 0);
}

std::uint64_t same(std::uint64_t key) { return key; }
std::uint64_t scattered(std::uint64_t key) { return key * 0x9E3779B97F4A7C15ULL; }
std::uint64_t crowded(std::uint64_t key) { return key % 37; }
std::uint64_t at_the_end(std::uint64_t key) { return ~(key % 5); }

INSTANTIATE_TEST_SUITE_P(Hashes, GradualTableTest,
                         ::testing::Values(same, scattered, crowded, at_the_end));

}  // namespace
}  // namespace mayfly
