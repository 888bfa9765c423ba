// Random operations of concurrent tasks on a store, compared byte by byte with a plain model.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

#include "async/task_group.h"
#include "unit/storage/store_fixture.h"

namespace mayfly {
namespace {

constexpr int kTasks = 16;
/// Sanitized, an operation takes ten times as long, and a part of them is enough.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kSanitizedShare = 5;
#elif defined(__has_feature)
constexpr int kSanitizedShare = __has_feature(address_sanitizer) ? 5 : 1;
#else
constexpr int kSanitizedShare = 1;
#endif

struct Model {
  std::mt19937_64 random;
  std::uint64_t longest_bytes;
  int refused = 0;
  int mismatches = 0;
  int operations = 0;
  int left = 0;

  std::uint64_t below(std::uint64_t bound) { return random() % bound; }
  /// Often at or next to the edge of a page.
  std::uint64_t some_offset() {
    const std::uint64_t any = below(longest_bytes);
    if (below(3) == 0) return any;
    const std::uint64_t edge = round_down(any, kPageBytes) + kPageBytes - 2 + below(5);
    return std::min(edge - (below(2) == 0 ? 2 : 0), longest_bytes - 1);
  }
  std::size_t some_length(std::uint64_t offset) {
    const std::uint64_t bounds[] = {10, kPageBytes, 4 * kPageBytes, 40 * kPageBytes};
    std::uint64_t length = 1 + below(bounds[below(4)]);
    if (below(4) == 0) length = round_up(length, kPageBytes);
    return std::min(length, longest_bytes - offset);
  }
  std::string some_text(std::size_t length) {
    std::string text(length, '\0');
    std::uint64_t word = random();
    for (char& c : text) c = static_cast<char>((word = word * 6364136223846793005u + 1) >> 56);
    return text;
  }
};

/// The pages of a chunk as the store counts them, and a store that is whole.
void check_space(const ChunkStore& store, Model& model, ChunkId id, std::int64_t pages) {
  std::uint64_t there = 0;
  for (const ChunkExtent& chunk : store.chunks_of(id.file)) {
    if (chunk.index == id.index) there = chunk.pages;
  }
  if (there != static_cast<std::uint64_t>(pages)) ++model.mismatches;
  if (model.operations % 64 == 0 && !store.check()) ++model.mismatches;
}

/// What is between a hole and the next data must be zeros.
void check_holes(const ChunkStore& store, Model& model, ChunkId id, std::uint64_t offset,
                 const std::string& bytes) {
  const std::uint64_t hole = store.next_hole(id, offset);
  const std::uint64_t data = std::min<std::uint64_t>(store.next_data(id, hole), bytes.size());
  if (hole < offset || store.next_data(id, hole) < hole) ++model.mismatches;
  for (std::uint64_t at = hole; at < data; ++at) model.mismatches += bytes[at] != '\0' ? 1 : 0;
}

/// One step on a chunk that only this task touches: the model follows the outcome, and `pages` what
/// the store says of the space.
Task<void> step_alone(ChunkStore& store, BufferPool& pool, Model& model, ChunkId id,
                      std::string& bytes, std::int64_t& pages) {
  const std::uint64_t offset = model.some_offset();
  const std::size_t length = model.some_length(offset);
  const std::uint64_t kind = model.below(100);
  ++model.operations;
  if (kind < 45) {
    const std::string text = model.some_text(length);
    Task<Status> writing = model.below(2) == 0 ? write_text(store, pool, id, offset, text, &pages)
                                               : write_bytes(store, id, offset, text, &pages);
    const Status status = co_await std::move(writing);
    if (to_errc(status) == Errc::no_space) {
      ++model.refused;
    } else if (!status) {
      ++model.mismatches;
    } else {
      if (bytes.size() < offset + length) bytes.resize(offset + length);
      bytes.replace(offset, length, text);
    }
  } else if (kind < 85) {
    Task<Result<std::string>> reading = model.below(2) == 0
                                            ? read_text(store, pool, id, offset, length)
                                            : lend_text(store, pool, id, offset, length);
    const Result<std::string> text = co_await std::move(reading);
    const std::string expected =
        offset < bytes.size() ? bytes.substr(offset, length) : std::string();
    if (!text || *text != expected) ++model.mismatches;
  } else if (kind < 92) {
    const std::uint64_t end = kind < 90 ? offset : 0;
    const auto freed = co_await store.truncate(id, end);
    if (!freed) ++model.mismatches;
    if (freed) pages -= static_cast<std::int64_t>(*freed);
    if (end < bytes.size()) bytes.resize(end);
  } else if (kind < 93) {
    const Status synced = co_await store.sync(id.file);
    if (!synced) ++model.mismatches;
  } else if (kind < 97) {
    const PageRange range = pages_of(offset, length);
    const auto freed = co_await store.punch(id, range, kind < 95);
    if (!freed) ++model.mismatches;
    if (freed) pages -= static_cast<std::int64_t>(*freed);
    const std::size_t begin = std::min<std::size_t>(bytes.size(), range.begin * kPageBytes);
    const std::size_t end = std::min<std::size_t>(bytes.size(), range.end * kPageBytes);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
              bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
  } else {
    const auto taken = co_await store.reserve(id, pages_of(offset, length));
    if (!taken && taken.error() == Errc::no_space) {
      ++model.refused;
    } else if (!taken) {
      ++model.mismatches;
    }
    if (taken) pages += static_cast<std::int64_t>(*taken);
  }
  check_space(store, model, id, pages);
  check_holes(store, model, id, offset, bytes);
}

Task<Status> work_alone(ChunkStore& store, BufferPool& pool, Model& model, std::uint64_t who) {
  std::string bytes[2];
  std::int64_t pages[2] = {};
  const ChunkId ids[2] = {{FileId{1, 1 + who % 3}, who}, {FileId{1, 9}, who}};
  while (model.left-- > 0) {
    co_await Turn();
    const std::uint64_t which = model.below(2);
    co_await step_alone(store, pool, model, ids[which], bytes[which], pages[which]);
  }
  for (int which = 0; which < 2; ++which) {
    for (std::uint64_t at = 0; at < bytes[which].size(); at += 512 * kKiB) {
      Result<std::string> text = co_await read_text(store, pool, ids[which], at, 512 * kKiB);
      if (!text || *text != bytes[which].substr(at, 512 * kKiB)) ++model.mismatches;
    }
    const auto removed = co_await store.truncate(ids[which], 0);
    if (!removed || static_cast<std::int64_t>(*removed) != pages[which]) ++model.mismatches;
  }
  co_return Status();
}

/// All tasks on one chunk of fixed length: the order of starting decides, so the model runs ahead.
Task<Status> work_together(ChunkStore& store, BufferPool& pool, Model& model, std::string& bytes) {
  while (model.left-- > 0) {
    co_await Turn();
    ++model.operations;
    const std::uint64_t offset = model.some_offset();
    const std::size_t length = model.some_length(offset);
    const bool writes = model.below(2) == 0;
    Buffer buffer =
        co_await pool.acquire(writes ? class_for(offset, length) : class_to_read(offset, length));
    if (writes) {
      const std::string text = model.some_text(length);
      std::memcpy(buffer.data() + offset % kSectionBytes, text.data(), length);
      bytes.replace(offset, length, text);
      Task<Transfer> writing = store.write({FileId{1, 1}, 0}, offset, std::move(buffer), length);
      const Transfer transfer = co_await std::move(writing);
      if (!transfer.bytes) ++model.mismatches;
    } else {
      const std::string expected = bytes.substr(offset, length);
      Task<Transfer> reading = store.read({FileId{1, 1}, 0}, offset, std::move(buffer), length);
      const Transfer transfer = co_await std::move(reading);
      const bool same =
          transfer.bytes && *transfer.bytes == length &&
          std::memcmp(transfer.buffer.data() + offset % kPageBytes, expected.data(), length) == 0;
      if (!same) ++model.mismatches;
    }
  }
  co_return Status();
}

Task<Status> join(TaskGroup& group) { co_return co_await group.join(); }

template <class Fixture>
class ChunkStoreModelTest : public ::testing::Test {
 protected:
  Model model(std::uint64_t longest_bytes, int operations) {
    const char* given = std::getenv("MAYFLY_TEST_SEED");
    const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
    std::printf("MAYFLY_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return {std::mt19937_64(seed), longest_bytes, 0, 0, 0, operations / kSanitizedShare};
  }

  void run_alone(std::uint64_t capacity, Model& model) {
    Fixture world(capacity);
    TaskGroup group;
    {
      ReadyQueue::Scope scope(world.loop().ready());
      for (int who = 0; who < kTasks; ++who) {
        group.add(work_alone(*world.store, world.pool(), model, static_cast<unsigned>(who)));
      }
    }
    EXPECT_TRUE(world.loop().run(join(group)));
    EXPECT_EQ(model.mismatches, 0);
    EXPECT_EQ(world.store->usage().used_bytes, 0u);
    EXPECT_TRUE(world.store->chunks_of(FileId{1, 9}).empty());
  }
};

using Fixtures = ::testing::Types<DiskFixture, MemoryFixture>;
TYPED_TEST_SUITE(ChunkStoreModelTest, Fixtures);

TYPED_TEST(ChunkStoreModelTest, ManyOperationsWithRoomEnough) {
  Model model = this->model(512 * kKiB, 100'000);
  this->run_alone(kGiB, model);
  EXPECT_EQ(model.refused, 0);
}

TYPED_TEST(ChunkStoreModelTest, AStoreThatIsNearlyAlwaysFull) {
  Model model = this->model(200 * kKiB, 30'000);
  this->run_alone(333 * kPageBytes, model);
  EXPECT_GT(model.refused, 100);
}

TYPED_TEST(ChunkStoreModelTest, ManyTasksOnOneChunk) {
  Model model = this->model(256 * kKiB, 30'000);
  TypeParam world(kMiB);
  std::string bytes = std::string(256 * kKiB, 'x');
  ASSERT_TRUE(
      world.loop().run(write_text(*world.store, world.pool(), {FileId{1, 1}, 0}, 0, bytes)));
  TaskGroup group;
  {
    ReadyQueue::Scope scope(world.loop().ready());
    for (int who = 0; who < kTasks; ++who) {
      group.add(work_together(*world.store, world.pool(), model, bytes));
    }
  }
  EXPECT_TRUE(world.loop().run(join(group)));
  EXPECT_EQ(model.mismatches, 0);
}

}  // namespace
}  // namespace mayfly
