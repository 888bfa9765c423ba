#include "cli/drain_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "base/units.h"

namespace mayfly {
namespace {

constexpr std::time_t kDay = 24 * 3600;

/// Seconds of "600", "90s", "10m", "2h"; negative: it is none of that.
std::time_t parse_span(const std::string& text) {
  std::time_t count = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, count);
  if (parsed.ec != std::errc() || count < 0) return -1;
  const std::string unit(parsed.ptr, end);
  if (unit.empty() || unit == "s") return count;
  if (unit == "m") return 60 * count;
  return unit == "h" ? 3600 * count : -1;
}

std::string span_text(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.1f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

/// The first line of what a command prints.
std::string first_line_of(const std::string& command) {
  std::FILE* const pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return {};
  char line[128] = "";
  if (std::fgets(line, sizeof line, pipe) == nullptr) line[0] = '\0';
  ::pclose(pipe);
  std::string text(line);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

double DrainForecast::seconds_needed() const {
  if (bytes_left == 0) return 0;
  return bytes_per_second > 0 ? static_cast<double>(bytes_left) / bytes_per_second : 0;
}

std::uint64_t DrainForecast::bytes_missing() const {
  const double possible = std::max(0.0, seconds_to_deadline) * bytes_per_second;
  const auto copied = static_cast<std::uint64_t>(possible);
  return bytes_left - std::min(bytes_left, copied);
}

std::string DrainForecast::text() const {
  if (bytes_per_second <= 0) return fmt::format("{} are left", format_bytes(bytes_left));
  return fmt::format("{} are left: {} at {}/s, and the time is up in {}", format_bytes(bytes_left),
                     span_text(seconds_needed()),
                     format_bytes(static_cast<std::uint64_t>(bytes_per_second)),
                     span_text(std::max(0.0, seconds_to_deadline)));
}

Result<std::time_t, Failure> parse_deadline(const std::string& text, std::time_t now) {
  if (const std::time_t span = parse_span(text); span >= 0) return now + span;
  for (const char* const format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                   "%Y-%m-%d %H:%M", "%H:%M:%S", "%H:%M"}) {
    std::tm time{};
    ::localtime_r(&now, &time);
    time.tm_sec = 0;
    const char* const rest = ::strptime(text.c_str(), format, &time);
    if (rest == nullptr || *rest != '\0') continue;
    time.tm_isdst = -1;
    std::time_t at = std::mktime(&time);
    const bool is_of_a_day = format[1] == 'Y';
    if (!is_of_a_day && at <= now) at += kDay;
    if (at > now) return at;
    return Failure{Errc::invalid, fmt::format("The deadline {} has gone by.", text)};
  }
  return Failure{Errc::invalid, fmt::format("\"{}\" is no deadline: a time (2026-11-28T18:30:00, "
                                            "18:30) or how long from now (600, 10m, 2h).",
                                            text)};
}

Result<std::time_t, Failure> job_end() {
  if (const char* const known = std::getenv("SLURM_JOB_END_TIME"); known != nullptr) {
    if (const std::time_t end = std::atoll(known); end > 0) return end;
  }
  const char* const job = std::getenv("SLURM_JOB_ID");
  if (job == nullptr || job[0] == '\0' ||
      std::string(job).find_first_not_of("0123456789") != std::string::npos) {
    return Failure{Errc::no_entry,
                   "This is no Slurm job, whose end would be known: say --deadline."};
  }
  const std::string said = first_line_of(fmt::format("squeue -h -j {} -o %e 2>/dev/null", job));
  const auto end = parse_deadline(said, std::time(nullptr));
  if (end && said.find('T') != std::string::npos) return *end;
  return Failure{
      Errc::no_data,
      fmt::format("Slurm does not say when job {} ends (\"{}\"): say --deadline.", job, said)};
}

}  // namespace mayfly
