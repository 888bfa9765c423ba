#include "server/huge_heap.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace mayfly {
namespace {

/// What is longer has a mapping of its own, as with malloc's defaults once some have been freed.
constexpr int kLongest = 1 << 20;

std::uintptr_t heap_end() { return reinterpret_cast<std::uintptr_t>(::sbrk(0)); }

}  // namespace

HugeHeap::HugeHeap() : begin_(round_up(heap_end(), kPageBytes)) {
  ::mallopt(M_MMAP_THRESHOLD, kLongest);
  ::mallopt(M_TOP_PAD, kBytes);
  ::mallopt(M_TRIM_THRESHOLD, kBytes + kBytes / 4);
  // What comes now is to be in it already.
  std::free(std::malloc(kLongest / 2));
  look();
}

void HugeHeap::look() {
  const std::uintptr_t end = heap_end();
  // All of it: it may have become shorter and longer again since.
  if (std::exchange(end_, end) == end || end <= begin_) return;
  ::madvise(reinterpret_cast<void*>(begin_), end - begin_, MADV_HUGEPAGE);
}

}  // namespace mayfly
