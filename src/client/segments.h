// Segments: a caller's memory in one place or, for readv and writev, in several, seen as one range.
//
// Owner: nobody; a view, as a span is. The list of several places outlives it. Thread: any.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "transport/body.h"

namespace mayfly {

/// `Span` is Bytes or MutableBytes.
template <class Span>
class Segments {
 public:
  template <class Memory>
  requires std::convertible_to<Memory, Span> Segments(Memory&& memory)  // NOLINT: as a span
      : first_(std::forward<Memory>(memory)), size_(first_.size()) {}
  /// The places of `list`, one behind the other.
  static Segments of(std::span<const Span> list) {
    Segments all(list.empty() ? Span() : list.front());
    all.rest_ = list.subspan(list.empty() ? 0 : 1);
    for (const Span& part : all.rest_) all.size_ += part.size();
    return all;
  }

  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The first `size` bytes, which must be there.
  Segments first(std::uint64_t size) const {
    Segments begin = *this;
    begin.size_ = size;
    return begin;
  }

  /// The range if it stands in one place. It must be within the size.
  std::optional<Span> contiguous(std::uint64_t offset, std::uint64_t length) const {
    std::optional<Span> found;
    visit(offset, length, [&](Span part, std::uint64_t) {
      if (part.size() == length) found = part;
    });
    return found;
  }
  /// Copies the range to `into`, which has its length.
  void gather(std::uint64_t offset, MutableBytes into) const {
    visit(offset, into.size(), [&](Span part, std::uint64_t at) {
      std::memcpy(into.data() + at, part.data(), part.size());
    });
  }
  /// Copies `from` to the range of its length.
  void scatter(std::uint64_t offset, Bytes from) const requires std::same_as<Span, MutableBytes> {
    visit(offset, from.size(), [&](Span part, std::uint64_t at) {
      std::memcpy(part.data(), from.data() + at, part.size());
    });
  }

 private:
  /// Calls visit(part, its offset within the range) for each place that has some of the range.
  template <class Visit>
  void visit(std::uint64_t offset, std::uint64_t length, Visit visit) const {
    std::uint64_t at = 0;
    const auto look_at = [&](Span part) {
      if (offset >= part.size()) {
        offset -= part.size();
        return;
      }
      const std::uint64_t here = std::min<std::uint64_t>(part.size() - offset, length - at);
      if (here != 0) visit(part.subspan(offset, here), at);
      at += here;
      offset = 0;
    };
    look_at(first_);
    for (std::size_t i = 0; i < rest_.size() && at < length; ++i) look_at(rest_[i]);
  }

  Span first_;
  std::span<const Span> rest_;
  std::uint64_t size_;
};

}  // namespace mayfly
