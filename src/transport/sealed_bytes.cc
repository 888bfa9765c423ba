#include "transport/sealed_bytes.h"

#include <cstring>

namespace mayfly {
namespace {

constexpr std::uint16_t kMagic = 0x4d46;
constexpr std::uint32_t kMaxContentBytes = 64 << 10;

struct Seal {
  std::uint16_t magic;
  SealKind kind;
  std::uint32_t content_bytes;
  std::uint64_t checksum;
};
static_assert(sizeof(Seal) == kSealBytes);

/// FNV-1a: a few hundred bytes once per connection need nothing faster.
std::uint64_t checksum_of(SealKind kind, Bytes content) {
  std::uint64_t hash = 0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(kind);
  for (const std::byte byte : content) {
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace

std::vector<std::byte> seal(SealKind kind, Bytes content) {
  MAYFLY_ASSERT(content.size() <= kMaxContentBytes);
  const Seal front{kMagic, kind, static_cast<std::uint32_t>(content.size()),
                   checksum_of(kind, content)};
  std::vector<std::byte> sealed(kSealBytes + content.size());
  std::memcpy(sealed.data(), &front, kSealBytes);
  if (!content.empty()) std::memcpy(sealed.data() + kSealBytes, content.data(), content.size());
  return sealed;
}

Result<std::size_t> sealed_size(Bytes bytes) {
  Seal front;
  if (bytes.size() < kSealBytes) return Errc::bad_message;
  std::memcpy(&front, bytes.data(), kSealBytes);
  if (front.magic != kMagic || front.content_bytes > bytes.size() - kSealBytes) {
    return Errc::bad_message;
  }
  return kSealBytes + front.content_bytes;
}

Result<Bytes> unseal(SealKind kind, Bytes sealed) {
  MAYFLY_TRY(size, sealed_size(sealed));
  Seal front;
  std::memcpy(&front, sealed.data(), kSealBytes);
  const Bytes content = sealed.subspan(kSealBytes);
  if (size != sealed.size() || front.kind != kind || content.empty() ||
      front.checksum != checksum_of(kind, content)) {
    return Errc::bad_message;
  }
  return content;
}

}  // namespace mayfly
