// FileId: the 128-bit name of a file, given at creation and never reused in a session.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace mayfly {

/// `home` is the index of the server that keeps the inode; `serial` counts that server's creations.
/// The all-zero id names nothing. Trivially copyable; stands on the wire as it is.
struct FileId {
  std::uint64_t home_and_salt = 0;  ///< low 16 bits: home server; high 48 bits: salt of the session
  std::uint64_t serial = 0;

  std::uint32_t home() const { return static_cast<std::uint32_t>(home_and_salt & 0xffff); }
  bool valid() const { return serial != 0; }
  friend auto operator<=>(const FileId&, const FileId&) = default;
};
static_assert(sizeof(FileId) == 16);

}  // namespace mayfly

template <>
struct std::hash<mayfly::FileId> {
  std::size_t operator()(const mayfly::FileId& id) const noexcept {
    return static_cast<std::size_t>((id.serial ^ (id.home_and_salt << 48)) * 0x9E3779B97F4A7C15ULL);
  }
};
