// mayfly status: the servers of a session, how much they hold, and whether they answer.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/units.h"
#include "cli/background.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

struct StatusOptions {
  std::string session;
  bool json = false;
};

struct ServerLine {
  mayfly_server_status status{};
  std::string trouble;  ///< why it does not answer; empty: it does
};

std::vector<ServerLine> ask_servers() {
  std::vector<ServerLine> lines(mayfly_server_count());
  for (unsigned server = 0; server < lines.size(); ++server) {
    ServerLine& line = lines[server];
    if (mayfly_stat_server(server, &line.status) != 0) line.trouble = describe(errc_from(errno));
  }
  return lines;
}

/// The session file is written when the servers are ready.
long uptime_seconds(const std::string& session) {
  struct stat status {};
  if (::stat(session.c_str(), &status) != 0) return 0;
  return std::max<long>(0, std::time(nullptr) - status.st_mtime);
}

void print_json(const std::vector<ServerLine>& lines, const std::string& session) {
  nlohmann::ordered_json servers = nlohmann::ordered_json::array();
  for (const ServerLine& line : lines) {
    servers.push_back({{"node", line.status.node},
                       {"answers", line.trouble.empty()},
                       {"capacity_bytes", line.status.capacity_bytes},
                       {"used_bytes", line.status.used_bytes}});
  }
  const nlohmann::ordered_json all = {
      {"session", session}, {"uptime_seconds", uptime_seconds(session)}, {"servers", servers}};
  print_json_line(all);
}

void print_text(const std::vector<ServerLine>& lines, const std::string& session) {
  const long up = uptime_seconds(session);
  std::printf("session %s, up %ld:%02ld:%02ld\n", session.c_str(), up / 3600, up / 60 % 60,
              up % 60);
  for (std::size_t server = 0; server < lines.size(); ++server) {
    const ServerLine& line = lines[server];
    const std::string said =
        line.trouble.empty() ? fmt::format("{} of {} used", format_bytes(line.status.used_bytes),
                                           format_bytes(line.status.capacity_bytes))
                             : "does not answer (" + line.trouble + ")";
    std::printf("server %zu on %s: %s\n", server, line.status.node, said.c_str());
  }
}

int show_status(const StatusOptions& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const std::vector<ServerLine> lines = ask_servers();
  asked.json ? print_json(lines, asked.session) : print_text(lines, asked.session);
  for (const ServerLine& line : lines) {
    if (!line.trouble.empty()) return 1;
  }
  return 0;
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<StatusOptions>();
  CLI::App* const command =
      app.add_subcommand("status", "Say which servers a session has, and whether they answer");
  add_session_option(*command, asked->session);
  command->add_flag("--json", asked->json, "one object");
  command->footer("The exit code is 0 if all servers answer.\nExample: mayfly status --json");
  command->callback([asked, &exit_code] { exit_code = show_status(*asked); });
}

}  // namespace mayfly
