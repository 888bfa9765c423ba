// mayfly wait: until a session is ready; and what the other commands need to know about that.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>
#include <thread>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{50};

struct Wait {
  std::string session;
  unsigned timeout_seconds = 60;
};

int wait_for(const Wait& asked) {
  const std::chrono::seconds longest(asked.timeout_seconds);
  if (!wait_until([&] { return is_there(asked.session); }, longest)) {
    return complain(
        fmt::format("There is no session by {} after {} s: was mayfly start called "
                    "with the same --session?",
                    asked.session, asked.timeout_seconds));
  }
  const auto checked = check_session(asked.session);
  return checked ? 0 : complain(checked.error().sentence);
}

}  // namespace

bool is_there(const std::string& session) { return ::access(session.c_str(), F_OK) == 0; }

Result<void, Failure> check_session(const std::string& session) {
  const auto joined = Joined::join(session);
  if (!joined) return joined.error();
  for (unsigned server = 0; server < mayfly_server_count(); ++server) {
    mayfly_server_status status{};
    if (mayfly_stat_server(server, &status) != 0) {
      const Errc code = errc_from(errno);
      return Failure{code, fmt::format("Server {} on {} does not answer ({}): the session of {} is "
                                       "gone or broken.",
                                       server, status.node, describe(code), session)};
    }
  }
  return {};
}

bool wait_until(const std::function<bool()>& is_so, std::chrono::seconds longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

void add_wait(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Wait>();
  CLI::App* const command =
      app.add_subcommand("wait", "Wait until the servers of a session are ready");
  add_session_option(*command, asked->session);
  command->add_option("--timeout", asked->timeout_seconds, "seconds [60]");
  command->footer("Example: mayfly wait --timeout 300");
  command->callback([asked, &exit_code] { exit_code = wait_for(*asked); });
}

}  // namespace mayfly
