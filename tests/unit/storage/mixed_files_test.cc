// Many files, small and large, by concurrent tasks in a memory that holds a part of them: whatever
// is cut, evicted, written together and read ahead, each keeps its bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "async/task_group.h"
#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

constexpr std::uint64_t kTasks = 12;
constexpr std::uint64_t kFilesOfTask = 150;

struct Work {
  Work(DiskFixture& world, std::uint64_t task) : world(world), task(task), random(task) {}
  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  /// Most files are short, some long.
  std::uint64_t longest(std::uint64_t file) const {
    if (file % 16 == 0) return 3 * kMiB;
    return file % 4 == 0 ? 16 * kKiB : kPageBytes;
  }

  DiskFixture& world;
  std::uint64_t task;
  std::mt19937_64 random;
  std::vector<std::string> model = std::vector<std::string>(kFilesOfTask);
  int mismatches = 0;
};

Task<void> write(Work& work, ChunkId id, std::string& bytes, std::uint64_t longest) {
  std::uint64_t offset = work.below(longest);
  // In order, as those who share a file do, or anywhere.
  if (work.below(2) == 0) offset = std::min<std::uint64_t>(bytes.size(), longest - 1);
  const std::uint64_t section_end = round_up(offset + 1, kSectionBytes);
  const std::uint64_t most = std::min(longest, section_end) - offset;
  const std::size_t length = 1 + work.below(work.below(2) == 0 ? most : std::min(most, 5000UL));
  const std::string text(length, static_cast<char>('a' + work.below(26)));
  Status written;
  if (work.below(2) == 0) {
    written = co_await write_bytes(*work.world.store, id, offset, text);
  } else {
    written = co_await write_text(*work.world.store, work.world.pool(), id, offset, text);
  }
  if (!written) ++work.mismatches;
  if (bytes.size() < offset + length) bytes.resize(offset + length, '\0');
  std::copy(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

Task<void> check(Work& work, ChunkId id, const std::string& bytes) {
  for (std::uint64_t at = 0; at < bytes.size(); at += kSectionBytes) {
    const std::size_t length = std::min<std::size_t>(kSectionBytes, bytes.size() - at);
    const bool is_lent = work.below(2) == 0;
    ChunkStore& store = *work.world.store;
    BufferPool& pool = work.world.pool();
    auto reading =
        is_lent ? lend_text(store, pool, id, at, length) : read_text(store, pool, id, at, length);
    const auto text = co_await std::move(reading);
    if (!text || *text != bytes.substr(at, length)) ++work.mismatches;
  }
}

Task<Status> run(Work& work, int steps) {
  ChunkStore& store = *work.world.store;
  for (int step = 0; step < steps; ++step) {
    const std::uint64_t file = work.below(kFilesOfTask);
    const ChunkId id{FileId{1, 1 + work.task * kFilesOfTask + file}, 0};
    std::string& bytes = work.model[file];
    const std::uint64_t kind = work.below(20);
    if (kind < 12) {
      co_await write(work, id, bytes, work.longest(file));
    } else if (kind < 17) {
      co_await check(work, id, bytes);
    } else if (kind < 18) {
      const std::uint64_t size = work.below(3) == 0 ? 0 : work.below(bytes.size() + 1);
      if (!co_await store.truncate(id, size)) ++work.mismatches;
      bytes.resize(std::min<std::size_t>(bytes.size(), size));
    } else if (kind < 19) {
      if (!co_await store.sync(id.file)) ++work.mismatches;
    } else if (work.below(20) == 0 && !co_await store.sync_all()) {
      ++work.mismatches;
    }
  }
  for (std::uint64_t file = 0; file < kFilesOfTask; ++file) {
    const ChunkId id{FileId{1, 1 + work.task * kFilesOfTask + file}, 0};
    co_await check(work, id, work.model[file]);
  }
  co_return Status();
}

Task<Status> run_all(std::vector<std::unique_ptr<Work>>& works, int steps) {
  TaskGroup group;
  for (const auto& work : works) group.add(run(*work, steps));
  co_return co_await group.join();
}

TEST(MixedFilesTest, EachKeepsItsBytes) {
  for (const std::uint64_t seed : {1, 2}) {
    DiskFixture world(2 * kGiB);
    std::vector<std::unique_ptr<Work>> works;
    for (std::uint64_t task = 0; task < kTasks; ++task) {
      works.push_back(std::make_unique<Work>(world, task));
      works.back()->random.seed(seed * 1000 + task);
    }
    EXPECT_TRUE(world.loop().run(run_all(works, 400)));
    for (const auto& work : works) EXPECT_EQ(work->mismatches, 0) << "seed " << seed;
    EXPECT_TRUE(world.loop().run(world.store->sync_all()));
    EXPECT_EQ(world.store->usage().dirty_bytes, 0U);
    const auto whole = world.store->check();
    EXPECT_TRUE(whole) << whole.error().sentence;
    world.empty_memory();
    EXPECT_EQ(world.store->usage().cached_bytes, 0U);
    EXPECT_EQ(world.pool().total(BufferClass::large), BufferPool::plan(16 * kMiB)[0]);
    EXPECT_TRUE(world.loop().run(run_all(works, 0)));
    for (const auto& work : works) EXPECT_EQ(work->mismatches, 0) << "from the drive";
  }
}

}  // namespace
}  // namespace mayfly
