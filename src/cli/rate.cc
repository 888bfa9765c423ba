#include "cli/rate.h"

#include <algorithm>
#include <cstdint>

#include "base/units.h"

namespace mayfly {

std::string check_rate(const std::string& text) {
  const auto rate = parse_bytes(text);
  return rate && *rate > 0 ? "" : "\"" + text + "\" is no rate (100M, 1.5G: bytes per second)";
}

std::string rate_text(double bytes_per_second) {
  return format_bytes(static_cast<std::uint64_t>(std::max(0.0, bytes_per_second))) + "/s";
}

}  // namespace mayfly
