#include "storage/page_set.h"

#include <algorithm>
#include <bit>

namespace mayfly {
namespace {

/// The bits of `word`'s pages that lie in [begin, end).
std::uint64_t mask(std::uint32_t word, PageRange pages) {
  const std::uint32_t first = word * 64;
  std::uint64_t bits = ~std::uint64_t{0};
  if (pages.begin > first) bits &= ~std::uint64_t{0} << (pages.begin - first);
  if (pages.end < first + 64) bits &= (std::uint64_t{1} << (pages.end - first)) - 1;
  return bits;
}

}  // namespace

std::uint32_t PageSet::count(PageRange pages) const {
  const auto words = static_cast<std::uint32_t>(words_.size());
  int found = 0;
  for (std::uint32_t word = pages.begin / 64; word < words && word * 64 < pages.end; ++word) {
    found += std::popcount(words_[word] & mask(word, pages));
  }
  return static_cast<std::uint32_t>(found);
}

void PageSet::insert(PageRange pages) {
  if (pages.empty()) return;
  const std::uint32_t last = (pages.end - 1) / 64;
  if (words_.size() <= last) words_.resize(last + 1);
  for (std::uint32_t word = pages.begin / 64; word <= last; ++word) {
    words_[word] |= mask(word, pages);
  }
}

void PageSet::erase(PageRange pages) {
  const auto words = static_cast<std::uint32_t>(words_.size());
  for (std::uint32_t word = pages.begin / 64; word < words && word * 64 < pages.end; ++word) {
    words_[word] &= ~mask(word, pages);
  }
}

void PageSet::erase_from(std::uint32_t begin) {
  if (begin / 64 >= words_.size()) return;
  words_.resize(begin / 64 + 1);
  words_.back() &= (std::uint64_t{1} << begin % 64) - 1;
}

PageRange PageSet::run(PageRange pages) const {
  const bool inside = contains(pages.begin);
  std::uint32_t end = pages.begin;
  while (end < pages.end) {
    const std::uint64_t word = end / 64 < words_.size() ? words_[end / 64] : 0;
    const std::uint64_t different = (inside ? ~word : word) >> end % 64;
    if (different != 0) {
      end += static_cast<std::uint32_t>(std::countr_zero(different));
      break;
    }
    end = (end / 64 + 1) * 64;
  }
  return {pages.begin, std::min(end, pages.end)};
}

}  // namespace mayfly
