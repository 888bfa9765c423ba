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
  int found = 0;
  for (std::uint32_t at = pages.begin / 64; at < words() && at * 64 < pages.end; ++at) {
    found += std::popcount(word(at) & mask(at, pages));
  }
  return static_cast<std::uint32_t>(found);
}

void PageSet::insert(PageRange pages) {
  if (pages.empty()) return;
  const std::uint32_t last = (pages.end - 1) / 64;
  if (words() <= last) rest_.resize(last);
  for (std::uint32_t at = pages.begin / 64; at <= last; ++at) there(at) |= mask(at, pages);
}

void PageSet::erase(PageRange pages) {
  for (std::uint32_t at = pages.begin / 64; at < words() && at * 64 < pages.end; ++at) {
    there(at) &= ~mask(at, pages);
  }
}

void PageSet::erase_from(std::uint32_t begin) {
  const std::uint32_t last = begin / 64;
  if (last >= words()) return;
  rest_.resize(last);
  there(last) &= (std::uint64_t{1} << begin % 64) - 1;
}

PageRange PageSet::run(PageRange pages) const {
  const bool inside = contains(pages.begin);
  std::uint32_t end = pages.begin;
  while (end < pages.end) {
    const std::uint64_t bits = word(end / 64);
    const std::uint64_t different = (inside ? ~bits : bits) >> end % 64;
    if (different != 0) {
      end += static_cast<std::uint32_t>(std::countr_zero(different));
      break;
    }
    end = (end / 64 + 1) * 64;
  }
  return {pages.begin, std::min(end, pages.end)};
}

}  // namespace mayfly
