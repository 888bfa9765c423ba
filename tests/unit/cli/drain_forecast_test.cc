#include "cli/drain_forecast.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/units.h"

namespace mayfly {
namespace {

std::time_t time_of(const char* text) {
  std::tm time{};
  ::strptime(text, "%Y-%m-%d %H:%M:%S", &time);
  time.tm_isdst = -1;
  return std::mktime(&time);
}

TEST(DrainForecastTest, SaysHowMuchWillBeMissing) {
  DrainForecast forecast;
  forecast.bytes_left = 10 * kGiB;
  forecast.bytes_per_second = 100.0 * kMiB;
  forecast.seconds_to_deadline = 60;
  EXPECT_DOUBLE_EQ(forecast.seconds_needed(), 102.4);
  EXPECT_FALSE(forecast.fits());
  EXPECT_EQ(forecast.bytes_missing(), 10 * kGiB - 6000 * kMiB);
  EXPECT_EQ(forecast.text(), "10.0 GiB are left: 102 s at 100.0 MiB/s, and the time is up in 60 s");
  forecast.seconds_to_deadline = 103;
  EXPECT_TRUE(forecast.fits());
  EXPECT_EQ(forecast.bytes_missing(), 0U);
  forecast.seconds_to_deadline = -5;
  EXPECT_FALSE(forecast.fits());
  EXPECT_EQ(forecast.bytes_missing(), 10 * kGiB);
}

TEST(DrainForecastTest, UnderstandsTimesAndSpans) {
  const std::time_t now = time_of("2026-03-05 12:30:15");
  EXPECT_EQ(parse_deadline("600", now).value(), now + 600);
  EXPECT_EQ(parse_deadline("90s", now).value(), now + 90);
  EXPECT_EQ(parse_deadline("10m", now).value(), now + 600);
  EXPECT_EQ(parse_deadline("2h", now).value(), now + 7200);
  EXPECT_EQ(parse_deadline("18:30", now).value(), time_of("2026-03-05 18:30:00"));
  EXPECT_EQ(parse_deadline("08:00:30", now).value(), time_of("2026-03-06 08:00:30"));
  EXPECT_EQ(parse_deadline("2026-03-07T00:00:00", now).value(), time_of("2026-03-07 00:00:00"));
  EXPECT_EQ(parse_deadline("2026-03-07 23:59", now).value(), time_of("2026-03-07 23:59:00"));
  for (const char* const text : {"", "soon", "10x", "-5", "2026-03-05T12:00:00", "25:00", "1.5h"}) {
    EXPECT_FALSE(parse_deadline(text, now)) << text;
  }
}

TEST(DrainForecastTest, AsksTheJobForItsEnd) {
  ::setenv("SLURM_JOB_END_TIME", "1772700000", 1);
  EXPECT_EQ(job_end().value(), 1772700000);
  ::unsetenv("SLURM_JOB_END_TIME");
  ::setenv("SLURM_JOB_ID", "1; echo x", 1);
  EXPECT_FALSE(job_end());
  ::unsetenv("SLURM_JOB_ID");
  EXPECT_FALSE(job_end());
}

}  // namespace
}  // namespace mayfly
