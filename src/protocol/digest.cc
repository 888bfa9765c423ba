#include "protocol/digest.h"

#include <xxhash.h>

#include <cstring>

namespace mayfly {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit_of(char letter) {
  const char* const found = letter == '\0' ? nullptr : std::strchr(kDigits, letter);
  return found == nullptr ? -1 : static_cast<int>(found - kDigits);
}

}  // namespace

Digest Digest::of(Bytes bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  Digest digest;
  static_assert(sizeof canonical == kBytes);
  std::memcpy(digest.bytes_.data(), canonical.digest, kBytes);
  return digest;
}

Digest Digest::of_zeros(std::uint64_t bytes) {
  static const std::vector<std::byte> zeros(kDigestBlockBytes);
  static const Digest of_block = of(zeros);
  return bytes == kDigestBlockBytes ? of_block : of(Bytes(zeros).first(bytes));
}

Digest Digest::of_blocks(const std::vector<Digest>& blocks) {
  if (blocks.empty()) return of({});
  if (blocks.size() == 1) return blocks.front();
  return of(std::as_bytes(std::span(blocks)));
}

std::optional<Digest> Digest::parse(const std::string& text) {
  if (text.size() != 2 * kBytes) return std::nullopt;
  Digest digest;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const int high = digit_of(text[2 * i]);
    const int low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest.bytes_[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return digest;
}

std::string Digest::text() const {
  std::string text;
  for (const std::uint8_t byte : bytes_) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace mayfly
