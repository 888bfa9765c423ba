// AlignedHole: where the next mapping goes, so that it begins with a huge page.
//
// UCX lets the kernel choose where a peer's memory is mapped, and memory on huge pages that is not
// mapped at such a page's beginning is mapped by 4 KiB: 512 faults in place of one. While this
// lives, the first hole in which so many bytes find room is between two guards.
//
// Owner: whoever makes it, for the moment of the mapping. Thread: any. Failure: none; where another
// thread takes the hole, or a better one is found, the mapping is what it would have been.
#pragma once

#include <cstddef>

namespace mayfly {

class AlignedHole {
 public:
  explicit AlignedHole(std::size_t bytes);
  AlignedHole(const AlignedHole&) = delete;
  AlignedHole& operator=(const AlignedHole&) = delete;
  ~AlignedHole();

 private:
  std::byte* begin_ = nullptr;  ///< of the lower guard; null: there is no such hole
  std::size_t bytes_;
};

}  // namespace mayfly
