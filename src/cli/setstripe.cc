// mayfly setstripe: what new files in a directory will have.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <optional>

#include "base/units.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/stripe.h"

namespace mayfly {
namespace {

struct SetStripe {
  std::string session;
  std::string directory;
  std::optional<unsigned> stripe_count;
  std::string chunk_size;
  std::string first_server;
};

std::string check_size(const std::string& text) {
  return parse_bytes(text) ? "" : "\"" + text + "\" is no size (64K, 1M, ...)";
}
std::string check_server(const std::string& text) {
  return parse_first_server(text) ? "" : "\"" + text + "\" is no server (0, 1, ..., any, local)";
}

int set_stripe(const SetStripe& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const std::string path = place_in_session(asked.directory);
  mayfly_layout layout{};
  if (mayfly_getstripe(path.c_str(), &layout) != 0) return complain(cannot(path, "found"));
  if (asked.stripe_count) layout.stripe_count = *asked.stripe_count;
  if (!asked.chunk_size.empty()) layout.chunk_bytes = parse_bytes(asked.chunk_size).value();
  if (!asked.first_server.empty()) {
    layout.first_server = parse_first_server(asked.first_server).value();
  }
  if (mayfly_setstripe(path.c_str(), &layout) != 0) return complain(cannot(path, "set"));
  return 0;
}

}  // namespace

void add_setstripe(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<SetStripe>();
  CLI::App* const command = app.add_subcommand(
      "setstripe", "Set which servers hold the new files of a directory of a running session");
  add_session_option(*command, asked->session);
  command->add_option("-c,--stripe-count", asked->stripe_count, "servers per file; 0: all")
      ->check(CLI::Range(0U, unsigned{std::numeric_limits<std::uint16_t>::max()}));
  command->add_option("-S,--chunk-size", asked->chunk_size, "bytes on one server before the next")
      ->check(CLI::Validator(check_size, "SIZE"));
  command->add_option("-i,--first-server", asked->first_server, "a number, any or local")
      ->check(CLI::Validator(check_server, "SERVER"));
  command->add_option("directory", asked->directory, "of the session, as /mayfly/results")
      ->required();
  command->footer(
      "What is not given stays as it is.\nExample: mayfly setstripe -c 2 -S 4M /checkpoints");
  command->callback([asked, &exit_code] { exit_code = set_stripe(*asked); });
}

}  // namespace mayfly
