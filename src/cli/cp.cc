// mayfly cp: copies files and trees within a session.
#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "cli/stage_report.h"
#include "mayfly/mayfly.h"
#include "staging/stage.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Cp {
  std::string session;
  std::vector<std::string> paths;  ///< sources, then the destination
  bool trees = false;
  bool json = false;
};

int copy(const Cp& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const auto destination = PlaceToGo::of(asked.paths);
  if (!destination) return complain(destination.error().sentence);
  struct stat status {};
  StageOptions options;
  int exit_code = 0;
  for (std::size_t i = 0; i + 1 < asked.paths.size(); ++i) {
    const std::string from = without_slashes(place_in_session(asked.paths[i]));
    const std::string name = destination->name_of(from);
    const bool is_there = mayfly_lstat(from.c_str(), &status) == 0;
    if (!is_there) {
      exit_code = complain(cannot(asked.paths[i], "found"));
    } else if (S_ISDIR(status.st_mode) && !asked.trees) {
      exit_code = complain(asked.paths[i] + " is a directory, which needs -r.");
    } else if (from == name || name.rfind(from + "/", 0) == 0) {
      exit_code = complain(asked.paths[i] + " cannot be copied into itself.");
    } else {
      options.trees.push_back({from, name});
    }
  }
  Progress progress;
  StageReport report(progress, {"copied", asked.json, false});
  const bool is_done = stage(session_calls(), session_calls(), options, progress, report);
  report.finish();
  return is_done ? exit_code : 1;
}

}  // namespace

void add_cp(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Cp>();
  CLI::App* const command = app.add_subcommand("cp", "Copy files and trees within a session");
  add_session_option(*command, asked->session);
  command->add_option("paths", asked->paths, "SRC... DST; into DST if that is a directory")
      ->required()
      ->expected(2, -1);
  command->add_flag("-r,--recursive", asked->trees, "directories with all that is in them");
  command->add_flag("--json", asked->json, "events as JSON lines");
  command->footer(
      "Modes, times, links and holes are kept.\nExample: mayfly cp -r /mayfly/run1 /mayfly/run2");
  command->callback([asked, &exit_code] { exit_code = copy(*asked); });
}

}  // namespace mayfly
