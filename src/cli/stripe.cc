#include "cli/stripe.h"

#include <charconv>

namespace mayfly {

Result<int> parse_first_server(const std::string& text) {
  if (text == "any") return MAYFLY_ANY_SERVER;
  if (text == "local") return MAYFLY_LOCAL_SERVER;
  int server = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, server);
  if (read.ec != std::errc() || read.ptr != end || server < 0) return Errc::invalid;
  return server;
}

std::string format_first_server(int first_server) {
  if (first_server == MAYFLY_ANY_SERVER) return "any";
  if (first_server == MAYFLY_LOCAL_SERVER) return "local";
  return std::to_string(first_server);
}

}  // namespace mayfly
