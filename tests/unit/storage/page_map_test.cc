#include "storage/page_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "storage/page_set.h"

namespace mayfly {
namespace {

TEST(PageMapTest, NeighboursOnTheDiskAreOneRun) {
  PageMap map;
  map.insert(4, {100, 4});
  map.insert(8, {104, 4});
  map.insert(12, {50, 1});
  const PageMap::Run run = map.run({5, 20});
  EXPECT_EQ(run.pages, (PageRange{5, 12}));
  EXPECT_EQ(run.extent, (Extent{101, 7}));
  EXPECT_FALSE(map.run({0, 20}).mapped());
  EXPECT_EQ(map.run({0, 20}).pages, (PageRange{0, 4}));
  EXPECT_EQ(map.end(), 13u);
}

TEST(PageMapTest, RandomInsertsAndErasesAgreeWithAPlainMap) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  PageMap map;
  std::map<std::uint32_t, std::uint64_t> model;
  std::uint64_t next_disk_page = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto begin = static_cast<std::uint32_t>(random() % 100);
    const PageRange range{begin, begin + 1 + static_cast<std::uint32_t>(random() % 20)};
    if (random() % 2 == 0) {
      const PageMap::Run run = map.run(range);
      ASSERT_EQ(run.mapped(), model.contains(begin));
      if (run.mapped()) continue;
      if (random() % 2 == 0) ++next_disk_page;
      map.insert(begin, {next_disk_page, run.pages.pages()});
      for (std::uint32_t p = begin; p < run.pages.end; ++p) model[p] = next_disk_page++;
    } else {
      std::vector<Extent> freed;
      map.erase(range, freed);
      std::uint64_t count = 0;
      for (const Extent& extent : freed) count += extent.pages;
      const auto first = model.lower_bound(range.begin);
      const auto last = model.lower_bound(range.end);
      ASSERT_EQ(count, static_cast<std::uint64_t>(std::distance(first, last)));
      model.erase(first, last);
    }
    for (std::uint32_t p = 0; p < 125; ++p) {
      const PageMap::Run run = map.run({p, p + 1});
      ASSERT_EQ(run.mapped(), model.contains(p));
      if (run.mapped()) {
        ASSERT_EQ(run.extent.page, model[p]);
      }
    }
    ASSERT_EQ(map.pages(), model.size());
  }
}

TEST(PageSetTest, RunsEndWhereMembershipChanges) {
  PageSet set;
  set.insert({60, 130});
  EXPECT_EQ(set.run({0, 200}), (PageRange{0, 60}));
  EXPECT_EQ(set.run({60, 200}), (PageRange{60, 130}));
  EXPECT_EQ(set.run({61, 100}), (PageRange{61, 100}));
  EXPECT_EQ(set.run({130, 500}), (PageRange{130, 500}));
  set.erase_from(64);
  EXPECT_TRUE(set.contains(63));
  EXPECT_FALSE(set.contains(64));
  EXPECT_EQ(set.run({60, 200}), (PageRange{60, 64}));
}

}  // namespace
}  // namespace mayfly
