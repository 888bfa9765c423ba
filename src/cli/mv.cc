// mayfly mv: renames and moves files of a session.
#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "mayfly/mayfly.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Mv {
  std::string session;
  std::vector<std::string> paths;  ///< sources, then the destination
};

int move(const Mv& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const auto destination = PlaceToGo::of(asked.paths);
  if (!destination) return complain(destination.error().sentence);
  int exit_code = 0;
  for (std::size_t i = 0; i + 1 < asked.paths.size(); ++i) {
    const std::string from = without_slashes(place_in_session(asked.paths[i]));
    const std::string name = destination->name_of(from);
    if (mayfly_rename(from.c_str(), name.c_str()) != 0) {
      exit_code = complain(cannot(asked.paths[i], "moved"));
    }
  }
  return exit_code;
}

}  // namespace

void add_mv(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Mv>();
  CLI::App* const command = app.add_subcommand("mv", "Rename and move files of a session");
  add_session_option(*command, asked->session);
  command->add_option("paths", asked->paths, "SRC... DST; into DST if that is a directory")
      ->required()
      ->expected(2, -1);
  command->footer("Example: mayfly mv /mayfly/new /mayfly/results");
  command->callback([asked, &exit_code] { exit_code = move(*asked); });
}

}  // namespace mayfly
