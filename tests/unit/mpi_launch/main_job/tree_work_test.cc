#include "mpi_launch/main_job/tree_work.h"

#include <gtest/gtest.h>

#include <map>

namespace mayfly {
namespace {

TreeListing listing_of(const std::vector<TreeEntry>& entries) {
  TreeListing listing;
  listing.entries = entries;
  return listing;
}

TEST(TreeWork, CoversEveryByteOfEveryFileOnce) {
  const TreeListing listing = listing_of({{"/d", 0, 0755, true},
                                          {"/d/empty", 0, 0644, false},
                                          {"/d/small", 10, 0644, false},
                                          {"/d/large", 3 * kTreePieceBytes + 5, 0644, false}});
  std::map<std::size_t, std::uint64_t> bytes;
  std::map<std::size_t, int> beginnings;
  for (const auto& share : share_tree(listing, 3)) {
    for (const TreePiece& piece : share) {
      bytes[piece.entry] += piece.bytes;
      beginnings[piece.entry] += piece.offset == 0 ? 1 : 0;
    }
  }
  EXPECT_FALSE(bytes.contains(0));
  for (std::size_t i = 1; i < listing.entries.size(); ++i) {
    EXPECT_EQ(bytes[i], listing.entries[i].bytes);
    EXPECT_EQ(beginnings[i], 1);
  }
}

TEST(TreeWork, AFileThatNobodyMayWriteIsNotCut) {
  const auto shares = share_tree(listing_of({{"/r", 4 * kTreePieceBytes, 0444, false}}), 2);
  EXPECT_EQ(shares[0].size() + shares[1].size(), 1U);
}

TEST(TreeWork, RanksGetAboutTheSame) {
  std::vector<TreeEntry> entries;
  for (int i = 0; i < 1000; ++i) entries.push_back({"/f", 1000, 0644, false});
  const auto shares = share_tree(listing_of(entries), 4);
  for (const auto& share : shares) EXPECT_EQ(share.size(), 250U);
}

}  // namespace
}  // namespace mayfly
