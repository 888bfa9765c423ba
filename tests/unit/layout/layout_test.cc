#include "layout/layout.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace mayfly {
namespace {

Layout layout(std::uint64_t chunk_bytes, std::uint16_t stripe_count = 0,
              std::uint16_t first_server = 0) {
  return {static_cast<std::uint32_t>(chunk_bytes), stripe_count, first_server};
}

std::vector<Piece> pieces_of(const Layout& layout, std::uint32_t servers, std::uint64_t offset,
                             std::uint64_t length, std::uint64_t max_piece) {
  std::vector<Piece> all;
  Pieces pieces(layout, servers, offset, length, max_piece);
  for (Piece piece; pieces.next(piece);) all.push_back(piece);
  return all;
}

TEST(LayoutTest, ChunksAreWholePagesFrom4KiBTo16MiB) {
  EXPECT_TRUE(is_valid(layout(4 * kKiB), 1));
  EXPECT_TRUE(is_valid(layout(16 * kMiB), 1));
  EXPECT_FALSE(is_valid(layout(0), 1));
  EXPECT_FALSE(is_valid(layout(2 * kKiB), 1));
  EXPECT_FALSE(is_valid(layout(16 * kMiB + kPageBytes), 1));
  EXPECT_FALSE(is_valid(layout(kMiB + 1), 1));
}

TEST(LayoutTest, StripesNeedServersThatExist) {
  EXPECT_TRUE(is_valid(layout(kMiB, 3, 2), 3));
  EXPECT_FALSE(is_valid(layout(kMiB, 4, 0), 3));
  EXPECT_FALSE(is_valid(layout(kMiB, 0, 3), 3));
}

TEST(LayoutTest, ChunksGoRoundTheStripeFromTheFirstServer) {
  const Layout striped = layout(kMiB, 3, 4);
  const std::vector<std::uint32_t> expected = {4, 0, 1, 4, 0, 1};
  for (std::uint64_t k = 0; k < expected.size(); ++k) {
    EXPECT_EQ(server_of_chunk(striped, k, 5), expected[k]) << k;
  }
}

TEST(LayoutTest, AStripeCountOfZeroSpreadsChunksEvenlyOverAllServers) {
  std::vector<int> chunks(7);
  for (std::uint64_t k = 0; k < 700; ++k) ++chunks[server_of_chunk(layout(kMiB, 0, 5), k, 7)];
  for (const int count : chunks) EXPECT_EQ(count, 100);
  EXPECT_EQ(width(layout(kMiB), 7), 7u);
  EXPECT_EQ(width(layout(kMiB, 2), 7), 2u);
}

TEST(LayoutTest, AnEmptyRangeHasNoPieces) {
  EXPECT_TRUE(pieces_of(layout(kMiB), 3, 12345, 0, kMiB).empty());
}

TEST(LayoutTest, APieceEndsAtTheChunksEnd) {
  const auto pieces = pieces_of(layout(8 * kKiB), 2, 8 * kKiB - 1, 2, kMiB);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].chunk, 0u);
  EXPECT_EQ(pieces[0].chunk_offset, 8 * kKiB - 1);
  EXPECT_EQ(pieces[0].length, 1u);
  EXPECT_EQ(pieces[1].chunk, 1u);
  EXPECT_EQ(pieces[1].chunk_offset, 0u);
  EXPECT_EQ(pieces[1].range_offset, 1u);
  EXPECT_EQ(pieces[1].server, 1u);
}

/// Pieces cover the range without gap or overlap, lie within one chunk and one max_piece-aligned
/// part of it, and, the first excepted, begin at such a part's start.
void expect_exact_cover(const Layout& layout, std::uint32_t servers, std::uint64_t offset,
                        std::uint64_t length, std::uint64_t max_piece) {
  std::uint64_t done = 0;
  for (const Piece& piece : pieces_of(layout, servers, offset, length, max_piece)) {
    ASSERT_EQ(piece.range_offset, done);
    ASSERT_EQ(piece.chunk * layout.chunk_bytes + piece.chunk_offset, offset + done);
    ASSERT_GT(piece.length, 0u);
    ASSERT_LE(piece.chunk_offset + piece.length, layout.chunk_bytes);
    ASSERT_LE(piece.chunk_offset % max_piece + piece.length, max_piece);
    ASSERT_TRUE(done == 0 || piece.chunk_offset % max_piece == 0);
    ASSERT_EQ(piece.server, server_of_chunk(layout, piece.chunk, servers));
    done += piece.length;
  }
  ASSERT_EQ(done, length);
}

TEST(LayoutTest, PiecesCoverRandomRangesExactly) {
  constexpr std::uint64_t kSeed = 20;
  SCOPED_TRACE(kSeed);
  std::mt19937_64 random(kSeed);
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  for (int round = 0; round < 5000 && !::testing::Test::HasFatalFailure(); ++round) {
    const auto servers = static_cast<std::uint32_t>(1 + below(9));
    const Layout random_layout =
        layout((1 + below(64)) * kPageBytes, static_cast<std::uint16_t>(below(servers + 1)),
               static_cast<std::uint16_t>(below(servers)));
    ASSERT_TRUE(is_valid(random_layout, servers));
    const std::uint64_t offset = below(2) == 0 ? below(kMiB) : below(1ULL << 50);
    expect_exact_cover(random_layout, servers, offset, below(2 * kMiB),
                       (1 + below(32)) * kPageBytes);
  }
}

TEST(LayoutTest, NamesSpreadEvenlyOverServers) {
  for (const std::uint32_t servers : {2u, 3u, 8u, 100u}) {
    std::vector<double> names(servers);
    constexpr int kNames = 100'000;
    for (int i = 0; i < kNames; ++i) {
      ++names[server_of_name({1, 1}, "file." + std::to_string(i), servers)];
    }
    const double mean = static_cast<double>(kNames) / servers;
    double chi_square = 0;
    for (const double count : names) chi_square += (count - mean) * (count - mean) / mean;
    // Mean servers - 1, deviation sqrt(2 (servers - 1)): six deviations are chance enough.
    EXPECT_LT(chi_square, servers - 1 + 6 * std::sqrt(2.0 * servers)) << servers;
  }
}

TEST(LayoutTest, OneNameInManyDirectoriesSpreadsToo) {
  std::vector<int> names(4);
  for (std::uint64_t serial = 1; serial <= 40'000; ++serial) {
    ++names[server_of_name({0, serial}, "data", 4)];
  }
  for (const int count : names) EXPECT_NEAR(count, 10'000, 500);
}

TEST(LayoutTest, TheServerOfANameDependsOnNothingButParentNameAndCount) {
  const std::string name = "checkpoint.0001";
  EXPECT_EQ(server_of_name({3, 9}, name, 5), server_of_name({3, 9}, std::string(name), 5));
  EXPECT_EQ(server_of_name({3, 9}, name, 1), 0u);
}

}  // namespace
}  // namespace mayfly
