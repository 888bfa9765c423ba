// Pattern: bytes that say whose they are and where they belong, so that any byte in the wrong
// place, of the wrong file or left over from before shows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mayfly {

class Pattern {
 public:
  /// `owner` and `file` make the stream.
  Pattern(std::uint64_t owner, std::uint64_t file);

  /// Fills `bytes` with what belongs at `offset` (any).
  void fill(std::span<std::byte> bytes, std::uint64_t offset) const;
  /// The position within `bytes` of the first byte that does not belong at `offset` + position.
  std::optional<std::size_t> first_wrong(std::span<const std::byte> bytes,
                                         std::uint64_t offset) const;

 private:
  std::uint64_t seed_;
};

}  // namespace mayfly
