#include "metadata/append_places.h"

#include <algorithm>

namespace mayfly {

std::uint64_t AppendPlaces::take(std::uint64_t size, std::uint64_t length) {
  const std::uint64_t place = std::max(size, end_);
  end_ = place + length;
  return place;
}

void AppendPlaces::give_back(std::uint64_t offset, std::uint64_t length) {
  if (length == 0 || offset >= end_ || length > end_ - offset || gaps_.size() >= kMaxGaps) return;
  gaps_.emplace(offset + length, offset);
  for (auto last = gaps_.find(end_); last != gaps_.end(); last = gaps_.find(end_)) {
    end_ = last->second;
    gaps_.erase(last);
  }
}

}  // namespace mayfly
