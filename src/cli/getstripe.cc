// mayfly getstripe: which servers hold a file, or will hold a directory's new ones.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/units.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/stripe.h"

namespace mayfly {
namespace {

struct GetStripe {
  std::string session;
  std::vector<std::string> paths;
  bool json = false;
};

/// One line for each path.
void print(const std::string& path, const mayfly_layout& layout, bool json) {
  const std::string first = format_first_server(layout.first_server);
  if (json) {
    const nlohmann::ordered_json line = {{"path", path},
                                         {"stripe_count", layout.stripe_count},
                                         {"chunk_bytes", layout.chunk_bytes},
                                         {"first_server", first}};
    return print_json_line(line);
  }
  const std::string count = layout.stripe_count == 0 ? "all" : std::to_string(layout.stripe_count);
  std::printf("%s: stripe count %s, chunk size %s, first server %s\n", path.c_str(), count.c_str(),
              format_bytes(layout.chunk_bytes).c_str(), first.c_str());
}

int get_stripe(const GetStripe& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  int exit_code = 0;
  for (const std::string& path : asked.paths) {
    mayfly_layout layout{};
    if (mayfly_getstripe(place_in_session(path).c_str(), &layout) != 0) {
      exit_code = complain(cannot(path, "found"));
      continue;
    }
    print(path, layout, asked.json);
  }
  return exit_code;
}

}  // namespace

void add_getstripe(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<GetStripe>();
  CLI::App* const command =
      app.add_subcommand("getstripe", "Say which servers hold a file of a running session");
  add_session_option(*command, asked->session);
  command->add_flag("--json", asked->json, "one object for each path");
  command->add_option("path", asked->paths, "files or directories")->required();
  command->footer(
      "Of a directory: what its new files will have.\n"
      "Example: mayfly getstripe /checkpoints /checkpoints/step-1");
  command->callback([asked, &exit_code] { exit_code = get_stripe(*asked); });
}

}  // namespace mayfly
