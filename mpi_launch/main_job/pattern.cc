#include "mpi_launch/main_job/pattern.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mayfly {
namespace {

constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15ULL;

constexpr std::uint64_t word_at(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t word = (index + seed) * kOdd;
  word ^= word >> 29;
  return word * 0xBF58476D1CE4E5B9ULL;
}

}  // namespace

Pattern::Pattern(std::uint64_t owner, std::uint64_t file)
    : seed_(word_at(word_at(1, owner), file)) {}

void Pattern::fill(std::span<std::byte> bytes, std::uint64_t offset) const {
  while (!bytes.empty()) {
    const std::uint64_t within = offset % sizeof(std::uint64_t);
    if (within == 0 && bytes.size() >= sizeof(std::uint64_t)) {
      const std::size_t words = bytes.size() / sizeof(std::uint64_t);
      const std::uint64_t first = offset / sizeof(std::uint64_t);
      for (std::size_t i = 0; i < words; ++i) {
        const std::uint64_t word = word_at(seed_, first + i);
        std::memcpy(bytes.data() + i * sizeof word, &word, sizeof word);
      }
      bytes = bytes.subspan(words * sizeof(std::uint64_t));
      offset += words * sizeof(std::uint64_t);
      continue;
    }
    const std::uint64_t word = word_at(seed_, offset / sizeof(std::uint64_t));
    const std::size_t count = std::min<std::size_t>(sizeof word - within, bytes.size());
    std::memcpy(bytes.data(), reinterpret_cast<const std::byte*>(&word) + within, count);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

std::optional<std::size_t> Pattern::first_wrong(std::span<const std::byte> bytes,
                                                std::uint64_t offset) const {
  std::array<std::byte, 32768> expected;
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t count = std::min(expected.size(), bytes.size() - done);
    fill(std::span(expected).first(count), offset + done);
    if (std::memcmp(expected.data(), bytes.data() + done, count) != 0) {
      const auto wrong = std::mismatch(expected.begin(), expected.begin() + count,
                                       bytes.begin() + static_cast<std::ptrdiff_t>(done));
      return done + static_cast<std::size_t>(wrong.first - expected.begin());
    }
    done += count;
  }
  return std::nullopt;
}

}  // namespace mayfly
