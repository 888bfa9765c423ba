#include "cli/session_path.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace mayfly {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string default_session_path() {
  const std::string home = environment("HOME");
  if (home.empty()) return "";
  for (const char* const job : {"SLURM_JOB_ID", "PBS_JOBID"}) {
    if (const std::string number = environment(job); !number.empty()) {
      return home + "/.mayfly/session-" + number;
    }
  }
  return home + "/.mayfly/session";
}

void add_session_option(CLI::App& command, std::string& path) {
  path = default_session_path();
  CLI::Option* const option =
      command
          .add_option("--session", path,
                      "the session file [$MAYFLY_SESSION, else $HOME/.mayfly/session-<job>]")
          ->envname("MAYFLY_SESSION");
  if (path.empty()) option->required();
}

}  // namespace mayfly
