// Digest: xxh3-128 of a file, by which a copy is compared with what it was made of.
//
// A file is digested in blocks, so that several can read it at once and a part that differs can be
// named: of one block or less the digest is that of its bytes, as `xxh128sum` prints it; of more it
// is the digest of the blocks' digests, one behind the other. Holes count as zeros.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"

namespace mayfly {

inline constexpr std::uint64_t kDigestBlockBytes = kMiB;

class Digest {
 public:
  static constexpr std::size_t kBytes = 16;

  static Digest of(Bytes bytes);
  /// Of so many zeros, at most a block.
  static Digest of_zeros(std::uint64_t bytes);
  /// Of a file, by those of its blocks; none: of an empty file.
  static Digest of_blocks(const std::vector<Digest>& blocks);
  /// 32 hexadecimal digits; nothing if it is not that.
  static std::optional<Digest> parse(const std::string& text);

  std::string text() const;
  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};  ///< canonical: big-endian
};

constexpr std::uint64_t digest_blocks(std::uint64_t file_bytes) {
  return (file_bytes + kDigestBlockBytes - 1) / kDigestBlockBytes;
}

}  // namespace mayfly
