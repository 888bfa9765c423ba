// mayfly ls: what is in a directory of a session.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/units.h"
#include "cli/entry_text.h"
#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "cli/session_place.h"
#include "mayfly/mayfly.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

struct Ls {
  std::string session;
  std::vector<std::string> paths;
  bool is_long = false;
  bool all = false;
  bool json = false;
};

struct Entry {
  std::string name;
  std::string path;
  struct stat status;
};

std::string shown_target(const std::string& path) {
  const auto target = target_of(session_calls(), path);
  return target ? *target : "?";
}

void print(const Ls& asked, const Entry& entry) {
  const struct stat& status = entry.status;
  if (asked.json) {
    nlohmann::ordered_json json = entry_json(entry.path, status);
    if (S_ISLNK(status.st_mode)) json["target"] = shown_target(entry.path);
    return print_json_line(json);
  }
  if (!asked.is_long) {
    std::printf("%s\n", entry.name.c_str());
    return;
  }
  std::string line =
      fmt::format("{} {:3} {:8} {:8} {:>10} {} {}", mode_text(status.st_mode), status.st_nlink,
                  user_text(status.st_uid), group_text(status.st_gid),
                  format_bytes(static_cast<std::uint64_t>(status.st_size)),
                  time_text(status.st_mtim), entry.name);
  if (S_ISLNK(status.st_mode)) line += " -> " + shown_target(entry.path);
  std::printf("%s\n", line.c_str());
}

bool list_directory(const Ls& asked, const std::string& path) {
  mayfly_dir* const directory = mayfly_opendir(path.c_str());
  if (directory == nullptr) return false;
  std::vector<Entry> entries;
  struct stat status {};
  errno = 0;
  while (const dirent* const entry = mayfly_readdir_plus(directory, &status)) {
    const std::string name = entry->d_name;
    if (asked.all || name.front() != '.') entries.push_back({name, join_path(path, name), status});
    errno = 0;
  }
  const int error = errno;
  mayfly_closedir(directory);
  std::sort(entries.begin(), entries.end(),
            [](const Entry& left, const Entry& right) { return left.name < right.name; });
  for (const Entry& entry : entries) print(asked, entry);
  errno = error;
  return error == 0;
}

int list(const Ls& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  int exit_code = 0;
  const auto paths = asked.paths.empty() ? std::vector<std::string>{"/"} : asked.paths;
  for (const std::string& path : paths) {
    const std::string place = place_in_session(path);
    struct stat status {};
    if (mayfly_lstat(place.c_str(), &status) != 0) {
      exit_code = complain(cannot(path, "found"));
    } else if (!S_ISDIR(status.st_mode)) {
      print(asked, {path, place, status});
    } else {
      if (paths.size() > 1 && !asked.json) std::printf("%s:\n", path.c_str());
      if (!list_directory(asked, place)) exit_code = complain(cannot(path, "listed"));
    }
  }
  return exit_code;
}

}  // namespace

void add_ls(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Ls>();
  CLI::App* const command = app.add_subcommand("ls", "List files of a session");
  add_session_option(*command, asked->session);
  command->add_flag("-l,--long", asked->is_long, "mode, links, owner, group, size and time too");
  command->add_flag("-a,--all", asked->all, "names that begin with a dot too");
  command->add_flag("--json", asked->json, "a JSON object per entry");
  command->add_option("paths", asked->paths, "files or directories [/]");
  command->footer("Example: mayfly ls -l /mayfly/results");
  command->callback([asked, &exit_code] { exit_code = list(*asked); });
}

}  // namespace mayfly
