// What a request that users make by the million takes from the heap: nothing,
// on either side.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <new>

#include "support/process_cluster.h"
#include "support/session_files.h"

namespace {

/// Of the servers and of the client, which are processes of their own and share
/// this.
struct Allocations {
  std::atomic<bool> are_counted{false};
  std::atomic<std::uint64_t> of_servers{0};
  std::atomic<std::uint64_t> of_client{0};
};

Allocations& allocations() {
  static Allocations* const kShared = [] {
    void* const memory = ::mmap(nullptr, sizeof(Allocations), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return new (memory) Allocations();
  }();
  return *kShared;
}

std::atomic<std::uint64_t>* counter = nullptr;

}  // namespace

// Not inlined: the compiler would see free() of what new gave.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (counter != nullptr && allocations().are_counted) {
    counter->fetch_add(1, std::memory_order_relaxed);
  }
  if (void* const memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace mayfly {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;  // which leaves the pool out
#else
constexpr bool kSanitized = false;
#endif
constexpr std::uint64_t kRequests = 500;
constexpr std::uint64_t kFileBytes = 8 * kMiB;

using RequestBody = std::function<bool(Session&, File&, std::uint64_t)>;

/// Requests on an open file, by their number; the second half counts.
void expect_no_allocations(const RequestBody& request) {
  if (kSanitized) GTEST_SKIP() << "every allocation is the sanitizer's";
  counter = &allocations().of_servers;
  {
    ProcessCluster cluster{{1, "", 32 * kMiB, 256 * kMiB, {}}};
    EXPECT_TRUE(cluster.run_client([&](Session& session) {
      counter = &allocations().of_client;
      if (!write_file(session, "/file", pattern(kFileBytes, 1))) return false;
      if (!write_file(session, "/quiet", {})) return false;
      const auto file = open(session, "/file", O_RDWR);
      if (!file) return false;
      for (const std::uint64_t round : {0, 1}) {
        allocations().are_counted = round == 1;
        for (std::uint64_t i = 0; i < kRequests; ++i) {
          if (!request(session, **file, round * kRequests + i)) return false;
        }
      }
      allocations().are_counted = false;
      return true;
    }));
  }
  counter = nullptr;
  // Few: tables grow now and then, some things happen by time, and a slow drive has more under way
  // than ever before. One for each request would be several times as many.
  EXPECT_LT(allocations().of_client.exchange(0), kRequests / 4);
  EXPECT_LT(allocations().of_servers.exchange(0), kRequests / 4);
}

/// Operations of `bytes` bytes each, over the file again and again.
template <class Move>
RequestBody transfers(std::size_t bytes, Move move) {
  const auto memory = std::make_shared<std::vector<std::byte>>(bytes);
  return [bytes, memory, move](Session& session, File& file, std::uint64_t i) {
    const std::uint64_t offset = i % (kFileBytes / bytes) * bytes;
    const auto moved = move(session, file, *memory, offset);
    return moved && *moved == bytes;
  };
}

RequestBody writes(std::size_t bytes) {
  return transfers(bytes, [](Session& session, File& file, auto& memory, std::uint64_t offset) {
    return session.run(file.pwrite(Bytes(memory), offset));
  });
}

RequestBody reads(std::size_t bytes) {
  return transfers(bytes, [](Session& session, File& file, auto& memory, std::uint64_t offset) {
    return session.run(file.pread(MutableBytes(memory), offset));
  });
}

TEST(AllocationTest, WritesThatMakeTheFileLonger) {
  expect_no_allocations([](Session& session, File& file, std::uint64_t i) {
    std::array<std::byte, 4096> bytes{};
    const std::uint64_t offset = kFileBytes + i * bytes.size();
    return session.run(file.pwrite(Bytes(bytes), offset)).value() == bytes.size();
  });
}

TEST(AllocationTest, SmallWrites) { expect_no_allocations(writes(4096)); }
TEST(AllocationTest, UnalignedWrites) { expect_no_allocations(writes(47'008)); }
TEST(AllocationTest, LargeWrites) { expect_no_allocations(writes(kMiB)); }
TEST(AllocationTest, SmallReads) { expect_no_allocations(reads(4096)); }
TEST(AllocationTest, UnalignedReads) { expect_no_allocations(reads(47'008)); }
TEST(AllocationTest, LargeReads) { expect_no_allocations(reads(kMiB)); }

TEST(AllocationTest, LooksAtNames) {
  expect_no_allocations([](Session& session, File&, std::uint64_t) {
    return bool(session.run(session.stat(PathAt("/quiet"))));
  });
}

}  // namespace
}  // namespace mayfly
