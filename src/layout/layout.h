// Layout: which server holds which byte of a file, and which server a name. Pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "base/file_id.h"
#include "base/units.h"

namespace mayfly {

/// off_t is signed.
inline constexpr std::uint64_t kMaxFileBytes = std::numeric_limits<std::int64_t>::max();

/// As `lfs setstripe` has it. Chunk k is on server (first + k mod stripe_count) mod servers.
struct Layout {
  std::uint32_t chunk_bytes = static_cast<std::uint32_t>(kMiB);  ///< a multiple of kPageBytes
  std::uint16_t stripe_count = 0;  ///< servers that hold chunks; 0: all of the session
  std::uint16_t first_server = 0;  ///< holds chunk 0
  friend bool operator==(const Layout&, const Layout&) = default;
};
static_assert(sizeof(Layout) == 8);

/// For `first_server` of what a directory hands down: the server of each file's inode, or one on
/// the node of whoever makes the file, which then holds all of it. No session has so many servers.
inline constexpr std::uint16_t kAnyServer = 0xffff;
inline constexpr std::uint16_t kLocalServer = 0xfffe;
/// A directory for which no layout was set: that is left to whoever makes a file in it.
inline constexpr Layout kUnsetLayout{
    .chunk_bytes = 0, .stripe_count = 0, .first_server = kAnyServer};

/// A layout that files may have: chunks of 4 KiB to 16 MiB, whole pages, servers that exist.
bool is_valid(const Layout& layout, std::uint32_t servers);
/// One that directories may have.
bool is_valid_default(const Layout& layout, std::uint32_t servers);

/// Servers that can hold chunks of a file with this layout.
std::uint32_t width(const Layout& layout, std::uint32_t servers);
/// The server of each column: of the chunks whose index leaves its place here when divided by
/// width.
std::vector<std::uint32_t> holders(const Layout& layout, std::uint32_t servers);
/// The server of chunk `index`.
std::uint32_t server_of_chunk(const Layout& layout, std::uint64_t index, std::uint32_t servers);
/// The server of the dentry (`parent`, `name`).
std::uint32_t server_of_name(FileId parent, std::string_view name, std::uint32_t servers);

/// A part of a byte range that lies in one chunk.
struct Piece {
  std::uint64_t chunk;         ///< index of the chunk
  std::uint64_t chunk_offset;  ///< where in the chunk, bytes
  std::uint64_t range_offset;  ///< where in the range, bytes
  std::uint64_t length;        ///< bytes, > 0
  std::uint32_t server;
};

/// Walks the pieces of [offset, offset + length), none longer than `max_piece` (a multiple of
/// kPageBytes) and each but the first beginning at a multiple of max_piece within its chunk, so
/// that a piece and the page offset of its first byte fit one Buffer of max_piece bytes.
class Pieces {
 public:
  Pieces(const Layout& layout, std::uint32_t servers, std::uint64_t offset, std::uint64_t length,
         std::uint64_t max_piece)
      : layout_(layout),
        servers_(servers),
        offset_(offset),
        length_(length),
        max_piece_(max_piece) {}
  /// The next piece; false at the end.
  bool next(Piece& piece);

 private:
  Layout layout_;
  std::uint32_t servers_;
  std::uint64_t offset_;
  std::uint64_t length_;
  std::uint64_t max_piece_;
  std::uint64_t done_ = 0;
};

}  // namespace mayfly
