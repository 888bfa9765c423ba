#include "mpi_launch/main_job/tree_work.h"

#include <algorithm>

namespace mayfly {
namespace {

/// What a file costs besides its bytes, in bytes.
constexpr std::uint64_t kFileCost = 65536;
constexpr std::uint32_t kOwnerWrite = 0200;

std::vector<TreePiece> cut_all(const TreeListing& listing) {
  std::vector<TreePiece> pieces;
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    const TreeEntry& entry = listing.entries[i];
    if (entry.is_directory) continue;
    // Only its creator may write to a file whose mode forbids it.
    const bool is_cut = (entry.mode & kOwnerWrite) != 0 && entry.bytes > kTreePieceBytes;
    const std::uint64_t step = is_cut ? kTreePieceBytes : std::max<std::uint64_t>(entry.bytes, 1);
    for (std::uint64_t at = 0; at == 0 || at < entry.bytes; at += step) {
      pieces.push_back({i, at, std::min(step, entry.bytes - at)});
    }
  }
  return pieces;
}

}  // namespace

std::vector<std::vector<TreePiece>> share_tree(const TreeListing& listing, std::size_t ranks) {
  std::vector<TreePiece> pieces = cut_all(listing);
  std::stable_sort(pieces.begin(), pieces.end(), [](const TreePiece& left, const TreePiece& right) {
    return left.bytes > right.bytes;
  });
  std::vector<std::vector<TreePiece>> shares(ranks);
  std::vector<std::uint64_t> loads(ranks);
  for (const TreePiece& piece : pieces) {
    const auto lightest = std::min_element(loads.begin(), loads.end()) - loads.begin();
    shares[static_cast<std::size_t>(lightest)].push_back(piece);
    loads[static_cast<std::size_t>(lightest)] += piece.bytes + kFileCost;
  }
  return shares;
}

}  // namespace mayfly
