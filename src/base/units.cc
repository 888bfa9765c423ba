#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

namespace mayfly {
namespace {

constexpr std::string_view kPrefixes = "kmgtp";

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const std::string copy(text);
  if (copy.empty() || std::isdigit(static_cast<unsigned char>(copy[0])) == 0) return Errc::invalid;
  char* end = nullptr;
  double value = std::strtod(copy.c_str(), &end);
  std::string unit(end);
  for (char& c : unit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (!unit.empty() && unit != "b") {
    const auto power = kPrefixes.find(unit[0]);
    if (power == std::string_view::npos) return Errc::invalid;
    const std::string rest = unit.substr(1);
    if (!rest.empty() && rest != "b" && rest != "ib") return Errc::invalid;
    value *= std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (!(value < 9.2e18)) return Errc::invalid;
  return static_cast<std::uint64_t>(value);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace mayfly
