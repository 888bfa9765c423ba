#include "cli/stripe.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <limits>

#include "base/units.h"

namespace mayfly {
namespace {

std::string check_size(const std::string& text) {
  return parse_bytes(text) ? "" : "\"" + text + "\" is no size (64K, 1M, ...)";
}
std::string check_server(const std::string& text) {
  return parse_first_server(text) ? "" : "\"" + text + "\" is no server (0, 1, ..., any, local)";
}

}  // namespace

void add_stripe_options(CLI::App& command, StripeOptions& options) {
  command.add_option("-c,--stripe-count", options.stripe_count, "servers per file; 0: all")
      ->check(CLI::Range(0U, unsigned{std::numeric_limits<std::uint16_t>::max()}));
  command.add_option("-S,--chunk-size", options.chunk_size, "bytes on one server before the next")
      ->check(CLI::Validator(check_size, "SIZE"));
  command.add_option("-i,--first-server", options.first_server, "a number, any or local")
      ->check(CLI::Validator(check_server, "SERVER"));
}

int set_stripe(const StripeOptions& options, const std::string& directory) {
  mayfly_layout layout{};
  if (mayfly_getstripe(directory.c_str(), &layout) != 0) return -1;
  if (options.stripe_count) layout.stripe_count = *options.stripe_count;
  if (!options.chunk_size.empty()) layout.chunk_bytes = parse_bytes(options.chunk_size).value();
  if (!options.first_server.empty()) {
    layout.first_server = parse_first_server(options.first_server).value();
  }
  return mayfly_setstripe(directory.c_str(), &layout);
}

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
