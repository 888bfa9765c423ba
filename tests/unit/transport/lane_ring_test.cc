// LaneRing: whatever is written arrives in order and whole, and nothing else is believed.
#include "transport/lane_ring.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/transport/inbox.h"

namespace mayfly {
namespace {

class LaneRingTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBytes = 16 * kLaneLineBytes;

  /// What next() gives, copied and released.
  struct Read {
    std::vector<std::byte> header;
    std::vector<std::byte> payload;
  };
  std::optional<Read> read() {
    auto record = reader_.next();
    EXPECT_TRUE(record);
    if (!record || !*record) return std::nullopt;
    const auto [header, payload] = **record;
    Read copy{{header.begin(), header.end()}, {payload.begin(), payload.end()}};
    reader_.release();
    return copy;
  }
  void put(std::size_t place, std::uint64_t mark) { std::memcpy(&memory_[place], &mark, 8); }

  alignas(kLaneLineBytes) std::array<std::byte, kBytes> memory_{};
  std::atomic<std::uint64_t> consumed_{0};
  LaneRing ring_{memory_, &consumed_};
  LaneWriter writer_{ring_};
  LaneReader reader_{ring_};
};

TEST_F(LaneRingTest, RecordsOfAllSizesComeOutAsTheyWentIn) {
  std::mt19937 random(5);
  std::deque<std::uint64_t> inside;
  std::uint64_t written = 0;
  std::uint64_t taken = 0;
  const auto header_of = [](std::uint64_t i) { return pattern(i % (kMaxHeaderBytes + 1), i); };
  const auto payload_of = [](std::uint64_t i) { return pattern(i * 37 % 370, i + 1); };
  while (taken < 20'000) {
    if (random() % 2 == 0) {
      if (writer_.write(header_of(written), payload_of(written))) ++written;
    } else if (const auto record = read()) {
      ASSERT_TRUE(same(record->header, header_of(taken)));
      ASSERT_TRUE(same(record->payload, payload_of(taken)));
      ++taken;
    }
    ASSERT_EQ(reader_.has_record(), taken != written);
  }
}

TEST_F(LaneRingTest, AFullRingTakesNothingUntilSomethingIsReleased) {
  const auto payload = pattern(kLaneLineBytes - 8, 1);
  for (std::size_t i = 0; i < kBytes / kLaneLineBytes; ++i) ASSERT_TRUE(writer_.write({}, payload));
  EXPECT_FALSE(writer_.write({}, payload));
  ASSERT_TRUE(read());
  EXPECT_TRUE(writer_.write({}, payload));
  EXPECT_FALSE(writer_.write({}, payload));
}

TEST_F(LaneRingTest, ARecordThatItsWriterDidNotFinishIsNotSeen) {
  ASSERT_TRUE(writer_.write(pattern(10, 1), {}));
  // All of the next one but its mark.
  const auto bytes = pattern(kLaneLineBytes - 8, 9);
  std::copy(bytes.begin(), bytes.end(), memory_.begin() + kLaneLineBytes + 8);
  ASSERT_TRUE(read());
  EXPECT_FALSE(reader_.has_record());
  EXPECT_FALSE(read());
}

TEST_F(LaneRingTest, PayloadThatLooksLikeAMarkIsNotTakenForOne) {
  std::vector<std::byte> payload(5 * kLaneLineBytes, std::byte{0x80});
  for (int lap = 0; lap < 10; ++lap) {
    ASSERT_TRUE(writer_.write({}, payload));
    ASSERT_TRUE(read());
    EXPECT_FALSE(reader_.has_record());
    ASSERT_TRUE(writer_.write({}, {}));
    ASSERT_TRUE(read());
    EXPECT_FALSE(reader_.has_record());
  }
}

TEST_F(LaneRingTest, NonsenseIsRefused) {
  constexpr std::uint64_t kWritten = std::uint64_t{1} << 63;
  const std::uint64_t marks[] = {
      1,                                          // without the bit that says "written"
      kWritten | (kMaxHeaderBytes + 1ULL) << 32,  // a header that is too long
      kWritten | kBytes,                          // a payload beyond the ring
      kWritten | 0xffffffff,                      // the longest of all
      kWritten | std::uint64_t{0xffff} << 32,     // to the beginning, from the beginning
      ~std::uint64_t{0}};
  for (const std::uint64_t mark : marks) {
    put(0, mark);
    LaneReader reader(ring_);
    const auto record = reader.next();
    ASSERT_FALSE(record) << std::hex << mark;
    EXPECT_EQ(record.error(), Errc::bad_message);
  }
}

TEST_F(LaneRingTest, AWriterThatIsToldNonsenseStaysInTheRing) {
  for (const std::uint64_t consumed : {std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    consumed_ = consumed;
    for (int i = 0; i < 100; ++i) writer_.write(pattern(100, 1), pattern(100, 2));
  }
}

}  // namespace
}  // namespace mayfly
