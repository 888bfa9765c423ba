// TreeWork: how the ranks share the files of a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi_launch/main_job/tree_listing.h"

namespace mayfly {

/// Large files are cut in pieces of this size, which different ranks copy.
inline constexpr std::uint64_t kTreePieceBytes = std::uint64_t{32} << 20;

/// A file or a piece of one. Every file has exactly one with offset 0.
struct TreePiece {
  std::size_t entry = 0;  ///< of the listing
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// The pieces of each rank, about equal in work. Pure: the same on all ranks.
std::vector<std::vector<TreePiece>> share_tree(const TreeListing& listing, std::size_t ranks);

}  // namespace mayfly
