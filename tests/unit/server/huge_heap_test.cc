#include "server/huge_heap.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace mayfly {
namespace {

// AddressSanitizer has a heap of its own.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

using Item = std::array<char, 1000>;

/// Bytes of the heap, and how many of them are to be on huge pages.
struct Heap {
  std::uint64_t bytes = 0;
  std::uint64_t on_huge_pages = 0;
};

Heap heap() {
  std::ifstream smaps("/proc/self/smaps");
  Heap heap;
  std::uint64_t bytes = 0;
  for (std::string line; std::getline(smaps, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first.find('-') != std::string::npos && first.back() != ':') {
      bytes = 0;
      if (line.ends_with("[heap]")) {
        const std::size_t dash = first.find('-');
        bytes = std::stoull(first.substr(dash + 1), nullptr, 16) -
                std::stoull(first.substr(0, dash), nullptr, 16);
      }
      heap.bytes += bytes;
    } else if (first == "VmFlags:" && (line + " ").find(" hg ") != std::string::npos) {
      heap.on_huge_pages += bytes;
    }
  }
  return heap;
}

bool kernel_has_huge_pages() {
  std::ifstream enabled("/sys/kernel/mm/transparent_hugepage/enabled");
  return enabled.good();
}

std::vector<std::unique_ptr<Item>> make_items(HugeHeap& huge, std::size_t count) {
  std::vector<std::unique_ptr<Item>> items;
  items.reserve(count);
  for (; items.size() < count; items.push_back(std::make_unique<Item>())) huge.poll();
  huge.look();
  return items;
}

long faults() {
  rusage used{};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &used), 0);
  return used.ru_minflt;
}

/// The process's.
HugeHeap& the_heap() {
  static HugeHeap heap;
  return heap;
}

// Before the heap has grown.
TEST(HugeHeapTest, WhatWasPreparedIsThere) {
  if (kSanitized) GTEST_SKIP();
  HugeHeap& huge = the_heap();
  huge.prepare(16 * kMiB);
  const long before = faults();
  const auto items = make_items(huge, 14'000);
  EXPECT_LT(faults() - before, 100);
}

TEST(HugeHeapTest, ATableIsOnHugePagesFromItsFirstByte) {
  if (kSanitized || !kernel_has_huge_pages()) GTEST_SKIP();
  the_heap();
  const long before = faults();
  const std::vector<char> table(24 * kMiB);
  // Its ends are on small pages: at most 511 each, of 6144.
  EXPECT_LT(faults() - before, 1100);
}

TEST(HugeHeapTest, WhatTheHeapGrowsByIsOnHugePages) {
  if (kSanitized || !kernel_has_huge_pages()) GTEST_SKIP();
  HugeHeap& huge = the_heap();
  const Heap before = heap();
  auto items = make_items(huge, 150'000);
  const Heap grown = heap();
  EXPECT_GE(grown.bytes - before.bytes, 64 * kMiB);
  EXPECT_EQ(grown.bytes - grown.on_huge_pages, before.bytes - before.on_huge_pages);
  // And again, after it has become shorter.
  items.clear();
  const Heap shorter = heap();
  EXPECT_LT(shorter.bytes, grown.bytes);
  items = make_items(huge, 300'000);
  const Heap again = heap();
  EXPECT_GE(again.bytes - shorter.bytes, 128 * kMiB);
  EXPECT_EQ(again.bytes - again.on_huge_pages, before.bytes - before.on_huge_pages);
}

}  // namespace
}  // namespace mayfly
