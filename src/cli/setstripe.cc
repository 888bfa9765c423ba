// mayfly setstripe: what new files in a directory will have.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/stripe.h"

namespace mayfly {
namespace {

struct SetStripe {
  std::string session;
  std::string directory;
  StripeOptions options;
};

int set_stripe(const SetStripe& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const std::string path = place_in_session(asked.directory);
  return set_stripe(asked.options, path) == 0 ? 0 : complain(cannot(path, "set"));
}

}  // namespace

void add_setstripe(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<SetStripe>();
  CLI::App* const command = app.add_subcommand(
      "setstripe", "Set which servers hold the new files of a directory of a running session");
  add_session_option(*command, asked->session);
  add_stripe_options(*command, asked->options);
  command->add_option("directory", asked->directory, "of the session, as /mayfly/results")
      ->required();
  command->footer(
      "What is not given stays as it is.\nExample: mayfly setstripe -c 2 -S 4M /checkpoints");
  command->callback([asked, &exit_code] { exit_code = set_stripe(*asked); });
}

}  // namespace mayfly
