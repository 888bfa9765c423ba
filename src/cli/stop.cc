// mayfly stop: ends the servers of a session; what is in it is gone.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/report.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

struct Stop {
  std::string session;
  unsigned timeout_seconds = 30;
  std::string report;
};

int stop(const Stop& asked) {
  {
    const auto joined = Joined::join(asked.session);
    if (!joined) return complain(joined.error().sentence);
    if (!asked.report.empty()) {
      // Whoever wanted it would rather keep the session than lose it.
      const auto written = write_report_now(asked.report, {});
      if (!written) return complain(written.error().sentence);
    }
    if (mayfly_shut_down() != 0) {
      return complain(
          fmt::format("Not all servers of {} could be told to end ({}): those that run "
                      "end with their launcher; mayfly clean removes the file.",
                      asked.session, describe(errc_from(errno))));
    }
  }
  // The first server removes it when it has ended.
  if (!wait_until([&] { return !is_there(asked.session); },
                  std::chrono::seconds(asked.timeout_seconds))) {
    return complain(
        fmt::format("The servers of {} have not ended after {} s; {}.log has what they "
                    "said.",
                    asked.session, asked.timeout_seconds, asked.session));
  }
  if (::unlink((asked.session + ".log").c_str()) != 0 && errno != ENOENT) {
    return complain(cannot(asked.session + ".log", "removed"));
  }
  return 0;
}

}  // namespace

void add_stop(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Stop>();
  CLI::App* const command =
      app.add_subcommand("stop", "End the servers of a session; its files are gone with them");
  add_session_option(*command, asked->session);
  command->add_option("--timeout", asked->timeout_seconds, "seconds [30]");
  command->add_option("--report", asked->report,
                      "first write what it has done to FILE.json and FILE.html");
  command->footer("Example: mayfly stop --session ~/run1/session");
  command->callback([asked, &exit_code] { exit_code = stop(*asked); });
}

}  // namespace mayfly
