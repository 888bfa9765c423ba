// HugeHeap: the process's heap, on huge pages where the kernel gives them, and there before it is
// needed.
//
// A server's tables grow for as long as files are made, by about 1 KiB for each, and the first
// touch of a page is a fault: of 4 KiB it takes longer than the request, and there is one for four
// files; of 2 MiB it is rare and takes as long as a hundred requests or thousands, as a virtual
// machine has the memory at hand or not. So the heap gets kReserved of addresses when the server
// starts, and the kernel is told to give them memory by 2 MiB; the first of it is given at once.
// What the heap grows by beyond is looked for now and then. Costs: what prepare() was told, used or
// not; after many files have been removed, what they used of kReserved stays.
//
// Owner: the process that is a server; it sets how malloc grows and shrinks. Thread: the loop's,
// which is the main one. Failure: none; where the kernel has no huge pages, or does not give so
// many addresses, there are faults as ever.
#pragma once

#include <cstdint>

#include "async/event_loop.h"
#include "base/units.h"

namespace mayfly {

class HugeHeap final : public EventSource {
 public:
  static constexpr std::uint64_t kReserved = 64 * kMiB;
  /// By how much it grows at a time beyond.
  static constexpr std::uint64_t kBytes = 16 * kMiB;

  HugeHeap();
  /// Has the next `bytes` of it in memory, at most what is reserved.
  void prepare(std::uint64_t bytes);

  std::size_t poll() override {
    if (++polls_ % kPollsBetweenLooks == 0) look();
    return 0;
  }
  bool arm() override { return true; }
  int event_fd() const override { return -1; }
  /// Tells the kernel of what the heap has grown by.
  void look();

 private:
  /// Few files are made meanwhile. UCX makes a system call of a look at the heap's end.
  static constexpr std::uint32_t kPollsBetweenLooks = 1024;

  std::uintptr_t begin_;
  std::uintptr_t end_ = 0;  ///< as it was looked at last
  std::uint32_t polls_ = 0;
};

}  // namespace mayfly
