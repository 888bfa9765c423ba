#include "client/segments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mayfly {
namespace {

MutableBytes bytes_of(std::string& text) { return std::as_writable_bytes(std::span(text)); }

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class SegmentsTest : public ::testing::Test {
 protected:
  std::string gather(std::uint64_t offset, std::uint64_t length) const {
    std::string into(length, '?');
    all_.gather(offset, bytes_of(into));
    return into;
  }

  std::string first_ = "abc";
  std::string empty_;
  std::string second_ = "de";
  std::string third_ = "fghi";
  std::vector<MutableBytes> list_ = {bytes_of(first_), bytes_of(empty_), bytes_of(second_),
                                     bytes_of(third_)};
  Segments<MutableBytes> all_ = Segments<MutableBytes>::of(list_);
};

TEST_F(SegmentsTest, EveryRangeIsGatheredInOrder) {
  const std::string whole = "abcdefghi";
  ASSERT_EQ(all_.size(), whole.size());
  for (std::size_t begin = 0; begin <= whole.size(); ++begin) {
    for (std::size_t length = 0; begin + length <= whole.size(); ++length) {
      EXPECT_EQ(gather(begin, length), whole.substr(begin, length));
    }
  }
}

TEST_F(SegmentsTest, ARangeWithinOnePlaceIsThatPlacesOwnMemory) {
  const auto within = all_.contiguous(5, 4);
  ASSERT_TRUE(within);
  EXPECT_EQ(static_cast<void*>(within->data()), third_.data());
  EXPECT_EQ(text_of(*all_.contiguous(1, 2)), "bc");
  EXPECT_FALSE(all_.contiguous(2, 2));
  EXPECT_FALSE(all_.contiguous(0, 9));
}

TEST_F(SegmentsTest, WhatIsScatteredLiesInAllPlacesOfTheRangeAndNowhereElse) {
  std::string from = "12345";
  all_.scatter(2, bytes_of(from));
  EXPECT_EQ(first_, "ab1");
  EXPECT_EQ(second_, "23");
  EXPECT_EQ(third_, "45hi");
}

TEST_F(SegmentsTest, TheFirstBytesAreAllThereIsOfThem) {
  EXPECT_EQ(all_.first(4).size(), 4U);
  EXPECT_TRUE(all_.first(0).empty());
}

TEST_F(SegmentsTest, NoPlacesAreAnEmptyRange) {
  EXPECT_TRUE(Segments<Bytes>::of({}).empty());
  EXPECT_TRUE(Segments<Bytes>(Bytes()).empty());
}

}  // namespace
}  // namespace mayfly
