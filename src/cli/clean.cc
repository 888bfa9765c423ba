// mayfly clean: removes what a session leaves whose servers were killed.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <string>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

/// Of a session file that cannot be joined by, no server can be asked.
bool any_server_answers(const std::string& session) {
  const auto joined = Joined::join(session);
  if (!joined) return false;
  mayfly_server_status status{};
  for (unsigned server = 0; server < mayfly_server_count(); ++server) {
    if (mayfly_stat_server(server, &status) == 0) return true;
  }
  return false;
}

int clean(const std::string& session) {
  if (is_there(session) && any_server_answers(session)) {
    return complain(fmt::format("Servers of {} are running: end them with mayfly stop.", session));
  }
  for (const std::string& path : {session, session + ".log"}) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return complain(cannot(path, "removed"));
  }
  return 0;
}

}  // namespace

void add_clean(CLI::App& app, int& exit_code) {
  const auto session = std::make_shared<std::string>();
  CLI::App* const command = app.add_subcommand(
      "clean", "Remove the session file and the log of servers that were killed");
  add_session_option(*command, *session);
  command->footer(
      "Their data are gone already: a server's data file has no name.\nExample: mayfly clean");
  command->callback([session, &exit_code] { exit_code = clean(*session); });
}

}  // namespace mayfly
