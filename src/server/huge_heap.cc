#include "server/huge_heap.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace mayfly {
namespace {

/// What is longer has a mapping of its own, with faults of 4 KiB: the most that malloc takes.
constexpr int kLongest = static_cast<int>(32 * kMiB);

/// Where malloc puts so much now. Volatile: the compiler may leave out memory that nobody uses.
std::uintptr_t probe(std::size_t bytes) {
  void* const volatile probe = std::malloc(bytes);
  const auto place = reinterpret_cast<std::uintptr_t>(probe);
  std::free(probe);
  return place;
}

std::uintptr_t heap_end() { return reinterpret_cast<std::uintptr_t>(::sbrk(0)); }

}  // namespace

HugeHeap::HugeHeap() : begin_(round_up(heap_end(), kPageBytes)) {
  ::mallopt(M_MMAP_THRESHOLD, kLongest);
  ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(kReserved + kBytes + kBytes / 4));
  ::mallopt(M_TOP_PAD, static_cast<int>(kReserved));
  probe(kLongest / 2);
  ::mallopt(M_TOP_PAD, static_cast<int>(kBytes));
  look();
}

void HugeHeap::prepare(std::uint64_t bytes) {
  const std::uintptr_t first = std::max(begin_, round_up(probe(kMiB), kPageBytes));
  const std::uintptr_t last = std::min<std::uintptr_t>(end_, first + bytes);
  if (first >= last) return;
  ::madvise(reinterpret_cast<void*>(first), last - first, MADV_POPULATE_WRITE);
}

void HugeHeap::look() {
  const std::uintptr_t end = heap_end();
  // All of it: it may have become shorter and longer again since.
  if (std::exchange(end_, end) == end || end <= begin_) return;
  ::madvise(reinterpret_cast<void*>(begin_), end - begin_, MADV_HUGEPAGE);
}

}  // namespace mayfly
