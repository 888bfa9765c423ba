// mayfly rm: removes files and trees of a session.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "mayfly/mayfly.h"
#include "staging/file_calls.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Rm {
  std::string session;
  std::vector<std::string> paths;
  bool trees = false;
  bool force = false;
};

/// Whether all of it is gone; what is not was said.
bool remove(const Rm& asked, const std::string& place) {
  struct stat status {};
  const auto fail = [&](const char* what) {
    if (errno == ENOENT && asked.force) return true;
    complain(cannot(place, what));
    return false;
  };
  if (mayfly_lstat(place.c_str(), &status) != 0) return fail("removed");
  if (!S_ISDIR(status.st_mode)) {
    return mayfly_unlink(place.c_str()) == 0 || fail("removed");
  }
  if (!asked.trees) {
    errno = EISDIR;
    return fail("removed without -r");
  }
  const auto names = session_calls().list(place);
  if (!names) {
    errno = to_errno(names.error());
    return fail("read");
  }
  bool is_empty = true;
  for (const std::string& name : *names)
    is_empty = remove(asked, join_path(place, name)) && is_empty;
  if (!is_empty) return false;
  // The root itself stays.
  return place == "/" || mayfly_rmdir(place.c_str()) == 0 || fail("removed");
}

int remove_all(const Rm& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  int exit_code = 0;
  for (const std::string& path : asked.paths) {
    if (!remove(asked, place_in_session(path))) exit_code = 1;
  }
  return exit_code;
}

}  // namespace

void add_rm(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Rm>();
  CLI::App* const command = app.add_subcommand("rm", "Remove files and trees of a session");
  add_session_option(*command, asked->session);
  command->add_option("paths", asked->paths, "files; with -r directories too")->required();
  command->add_flag("-r,--recursive", asked->trees, "directories with all that is in them");
  command->add_flag("-f,--force", asked->force, "no error if it is not there");
  command->footer("Example: mayfly rm -r /mayfly/results/run1");
  command->callback([asked, &exit_code] { exit_code = remove_all(*asked); });
}

}  // namespace mayfly
