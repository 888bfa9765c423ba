// mayfly df: the room of a session, server by server.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "cli/entry_text.h"
#include "cli/files.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

struct Df {
  std::string session;
  bool json = false;
};

struct Room {
  std::uint64_t capacity = 0;
  std::uint64_t used = 0;
  std::uint64_t left() const { return capacity > used ? capacity - used : 0; }
  int percent() const {
    return capacity == 0 ? 0 : static_cast<int>((100 * used + capacity - 1) / capacity);
  }
};

void print_row(const std::string& server, const std::string& node, const Room& room) {
  std::printf("%-8s %-20s %10s %10s %10s %4d%%\n", server.c_str(), node.c_str(),
              format_bytes(room.capacity).c_str(), format_bytes(room.used).c_str(),
              format_bytes(room.left()).c_str(), room.percent());
}

int show_room(const Df& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  nlohmann::ordered_json servers = nlohmann::ordered_json::array();
  Room all;
  int exit_code = 0;
  if (!asked.json) {
    std::printf("%-8s %-20s %10s %10s %10s %5s\n", "server", "node", "size", "used", "free", "use");
  }
  for (unsigned server = 0; server < mayfly_server_count(); ++server) {
    mayfly_server_status status{};
    if (mayfly_stat_server(server, &status) != 0) {
      exit_code = complain(cannot(fmt::format("Server {} on {}", server, status.node), "asked"));
      continue;
    }
    const Room room{status.capacity_bytes, status.used_bytes};
    all.capacity += room.capacity;
    all.used += room.used;
    servers.push_back({{"server", server},
                       {"node", status.node},
                       {"capacity_bytes", room.capacity},
                       {"used_bytes", room.used}});
    if (!asked.json) print_row(std::to_string(server), status.node, room);
  }
  if (asked.json) {
    print_json_line(
        {{"capacity_bytes", all.capacity}, {"used_bytes", all.used}, {"servers", servers}});
  } else {
    print_row("all", "", all);
  }
  return exit_code;
}

}  // namespace

void add_df(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Df>();
  CLI::App* const command = app.add_subcommand("df", "Show the room of a session by server");
  add_session_option(*command, asked->session);
  command->add_flag("--json", asked->json, "for programs");
  command->footer("Example: mayfly df");
  command->callback([asked, &exit_code] { exit_code = show_room(*asked); });
}

}  // namespace mayfly
