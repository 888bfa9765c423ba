// mayfly mkdir: directories of a session.
#include <CLI/CLI.hpp>
#include <cerrno>
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

constexpr mode_t kMode = 0777;

struct Mkdir {
  std::string session;
  std::vector<std::string> paths;
  bool parents = false;
};

bool is_directory(const std::string& place) {
  struct stat status {};
  return mayfly_stat(place.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// With what leads there; one that is there is success.
bool make_all(const std::string& place) {
  if (is_directory(place)) return true;
  if (!make_all(parent_of(place))) return false;
  return mayfly_mkdir(place.c_str(), kMode) == 0 || (errno == EEXIST && is_directory(place));
}

int make(const Mkdir& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  int exit_code = 0;
  for (const std::string& path : asked.paths) {
    const std::string place = place_in_session(path);
    const bool is_made = asked.parents ? make_all(place) : mayfly_mkdir(place.c_str(), kMode) == 0;
    if (!is_made) exit_code = complain(cannot(path, "made"));
  }
  return exit_code;
}

}  // namespace

void add_mkdir(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Mkdir>();
  CLI::App* const command = app.add_subcommand("mkdir", "Make directories of a session");
  add_session_option(*command, asked->session);
  command->add_option("paths", asked->paths, "directories")->required();
  command->add_flag("-p,--parents", asked->parents,
                    "with those that lead there; no error if it is there");
  command->footer("Example: mayfly mkdir -p /mayfly/results/run1");
  command->callback([asked, &exit_code] { exit_code = make(*asked); });
}

}  // namespace mayfly
