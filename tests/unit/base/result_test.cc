#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace mayfly {
namespace {

Result<int> half_of(int value) {
  if (value % 2 != 0) return Errc::invalid;
  return value / 2;
}

Result<int> quarter_of(int value) {
  MAYFLY_TRY(half, half_of(value));
  return half_of(half);
}

Status check_even(int value) {
  MAYFLY_CHECKED(half_of(value));
  return {};
}

TEST(ResultTest, HoldsAValueOrAnError) {
  EXPECT_TRUE(half_of(4));
  EXPECT_EQ(*half_of(4), 2);
  EXPECT_FALSE(half_of(3));
  EXPECT_EQ(half_of(3).error(), Errc::invalid);
}

TEST(ResultTest, TryPassesErrorsOnAndNamesValues) {
  EXPECT_EQ(*quarter_of(8), 2);
  EXPECT_EQ(quarter_of(6).error(), Errc::invalid);
  EXPECT_EQ(to_errc(check_even(2)), Errc::ok);
  EXPECT_EQ(to_errc(check_even(1)), Errc::invalid);
}

TEST(ResultTest, CarriesTypesThatOnlyMove) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 5);
}

TEST(ResultTest, TheWrongSideAborts) {
  const Result<int> value = 1;
  const Result<int> error = Errc::io_error;
  EXPECT_DEATH(static_cast<void>(value.error()), "has_value");
  EXPECT_DEATH(static_cast<void>(error.value()), "has_value");
}

TEST(ResultTest, AStatusAndAnErrcSayTheSame) {
  EXPECT_TRUE(to_status(Errc::ok));
  EXPECT_EQ(to_status(Errc::stale).error(), Errc::stale);
  EXPECT_EQ(to_errc(Status()), Errc::ok);
}

TEST(ResultTest, AFailureCarriesItsSentence) {
  const Result<int, Failure> failed = Failure{Errc::no_space, "the drive is full"};
  EXPECT_EQ(failed.error().code, Errc::no_space);
  EXPECT_EQ(failed.error().sentence, "the drive is full");
}

TEST(ErrcTest, TakesErrnoOfEitherSign) {
  EXPECT_EQ(errc_from(ENOSPC), Errc::no_space);
  EXPECT_EQ(errc_from(-ENOSPC), Errc::no_space);
  EXPECT_EQ(errc_from(0), Errc::ok);
  EXPECT_EQ(to_errno(Errc::stale), ESTALE);
}

}  // namespace
}  // namespace mayfly
