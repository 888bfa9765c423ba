#include "layout/layout.h"

#include <xxhash.h>

#include <algorithm>

namespace mayfly {

bool is_valid(const Layout& layout, std::uint32_t servers) {
  return layout.chunk_bytes >= kPageBytes && layout.chunk_bytes <= 16 * kMiB &&
         layout.chunk_bytes % kPageBytes == 0 && layout.first_server < servers &&
         layout.stripe_count <= servers;
}

bool is_valid_default(const Layout& layout, std::uint32_t servers) {
  if (layout == kUnsetLayout) return true;
  Layout concrete = layout;
  if (layout.first_server == kAnyServer || layout.first_server == kLocalServer) {
    concrete.first_server = 0;
  }
  return is_valid(concrete, servers);
}

std::uint32_t width(const Layout& layout, std::uint32_t servers) {
  return layout.stripe_count == 0 ? servers : layout.stripe_count;
}

std::vector<std::uint32_t> holders(const Layout& layout, std::uint32_t servers) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t column = 0; column < width(layout, servers); ++column) {
    result.push_back(server_of_chunk(layout, column, servers));
  }
  return result;
}

std::uint32_t server_of_chunk(const Layout& layout, std::uint64_t index, std::uint32_t servers) {
  const std::uint64_t column = index % width(layout, servers);
  return static_cast<std::uint32_t>((layout.first_server + column) % servers);
}

std::uint32_t server_of_name(FileId parent, std::string_view name, std::uint32_t servers) {
  const std::uint64_t seed = XXH3_64bits(&parent, sizeof parent);
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(name.data(), name.size(), seed) % servers);
}

bool Pieces::next(Piece& piece) {
  if (done_ == length_) return false;
  const std::uint64_t at = offset_ + done_;
  piece.chunk = at / layout_.chunk_bytes;
  piece.chunk_offset = at % layout_.chunk_bytes;
  piece.range_offset = done_;
  const std::uint64_t boundary = std::min<std::uint64_t>(
      round_down(piece.chunk_offset, max_piece_) + max_piece_, layout_.chunk_bytes);
  piece.length = std::min(boundary - piece.chunk_offset, length_ - done_);
  piece.server = server_of_chunk(layout_, piece.chunk, servers_);
  done_ += piece.length;
  return true;
}

}  // namespace mayfly
