// mayfly rm: removes files and trees of a session.
#include <dirent.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "mayfly/mayfly.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Rm {
  std::string session;
  std::vector<std::string> paths;
  bool trees = false;
  bool force = false;
};

/// Files whose removal is under way together.
constexpr std::size_t kTogether = 1024;

class Removal {
 public:
  explicit Removal(const Rm& asked) : asked_(asked) {}

  /// Whether all of it is gone; what is not was said.
  bool remove(const std::string& place) {
    struct stat status {};
    if (mayfly_lstat(place.c_str(), &status) != 0) return fail(place, errno, "removed");
    if (!S_ISDIR(status.st_mode)) return remove_files({place});
    if (asked_.trees) return remove_tree(place);
    return fail(place, EISDIR, "removed without -r");
  }

 private:
  bool fail(const std::string& place, int error, const char* what) const {
    if (error == ENOENT && asked_.force) return true;
    errno = error;
    complain(cannot(place, what));
    return false;
  }

  bool remove_files(const std::vector<std::string>& places) const {
    std::vector<const char*> paths;
    for (const std::string& place : places) paths.push_back(place.c_str());
    std::vector<int> errors(paths.size());
    if (mayfly_unlink_all(paths.data(), errors.data(), paths.size()) == 0) return true;
    bool are_gone = true;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (errors[i] != 0) are_gone = fail(places[i], errors[i], "removed") && are_gone;
    }
    return are_gone;
  }

  bool remove_tree(const std::string& place) {
    std::vector<std::string> directories;
    bool is_empty = remove_entries(place, directories);
    for (const std::string& directory : directories) {
      is_empty = remove_tree(directory) && is_empty;
    }
    if (!is_empty) return false;
    // The root itself stays.
    return place == "/" || mayfly_rmdir(place.c_str()) == 0 || fail(place, errno, "removed");
  }

  /// All but the directories.
  bool remove_entries(const std::string& place, std::vector<std::string>& directories) {
    mayfly_dir* const directory = mayfly_opendir(place.c_str());
    if (directory == nullptr) return fail(place, errno, "read");
    bool are_gone = true;
    std::vector<std::string> files;
    errno = 0;
    while (const dirent* const entry = mayfly_readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        (entry->d_type == DT_DIR ? directories : files).push_back(join_path(place, entry->d_name));
      }
      if (files.size() == kTogether) {
        are_gone = remove_files(files) && are_gone;
        files.clear();
      }
      errno = 0;
    }
    if (errno != 0) are_gone = fail(place, errno, "read");
    mayfly_closedir(directory);
    return remove_files(files) && are_gone;
  }

  const Rm& asked_;
};

int remove_all(const Rm& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  int exit_code = 0;
  Removal removal(asked);
  for (const std::string& path : asked.paths) {
    if (!removal.remove(place_in_session(path))) exit_code = 1;
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
