// Launchers: what can start the ranks of a job.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/check.h"

namespace mayfly {

struct Launcher {
  std::string path;
  std::string version;  ///< the first line of --version that has a digit; may be empty
};

/// The executable `name` in the directories of `path` (as $PATH); empty if there is none.
std::string find_on_path(const std::string& name, std::string_view path);

/// What `program --version` says, as in Launcher; waits at most a few seconds.
std::string version_of(const std::string& program);

std::vector<Launcher> observe_launchers();

Check check_launchers(const std::vector<Launcher>& launchers);

}  // namespace mayfly
