// HugeHeap: the process's heap, on huge pages where the kernel gives them.
//
// A server's tables grow for as long as files are made, by about 1 KiB for each, and the first
// touch of each page of 4 KiB was a fault: one for four files, which in a virtual machine takes
// longer than the request. The heap grows by kBytes of addresses now, and the kernel is told to
// give it memory by 2 MiB. Costs: less than 2 MiB that the tables do not use yet; after many files
// have been removed, kBytes stay.
//
// Owner: the process that is a server; it sets how malloc grows and shrinks. Thread: the loop's,
// which is the main one. Failure: none; where the kernel has no huge pages there are faults as
// ever.
#pragma once

#include <cstdint>

#include "async/event_loop.h"
#include "base/units.h"

namespace mayfly {

class HugeHeap final : public EventSource {
 public:
  static constexpr int kBytes = 16 * static_cast<int>(kMiB);

  HugeHeap();

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
