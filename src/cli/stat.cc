// mayfly stat: all about files of a session, and the servers that hold them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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
#include "cli/stripe.h"
#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

struct Stat {
  std::string session;
  std::vector<std::string> paths;
  bool json = false;
};

/// Those that hold chunks of a file of that size, in the order of its chunks.
std::vector<unsigned> holders(const mayfly_layout& layout, std::uint64_t size) {
  const unsigned all = mayfly_server_count();
  const unsigned width = layout.stripe_count == 0 ? all : std::min(all, layout.stripe_count);
  const std::uint64_t chunks = (size + layout.chunk_bytes - 1) / layout.chunk_bytes;
  std::vector<unsigned> servers;
  for (unsigned column = 0; column < width && column < chunks; ++column) {
    servers.push_back((static_cast<unsigned>(layout.first_server) + column) % all);
  }
  return servers;
}

void print(const std::string& path, const struct stat& status, const mayfly_layout* layout,
           bool json) {
  nlohmann::ordered_json line = entry_json(path, status);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const bool is_file = S_ISREG(status.st_mode);
  if (layout != nullptr) {
    line["stripe_count"] = layout->stripe_count;
    line["chunk_bytes"] = layout->chunk_bytes;
    line["first_server"] = format_first_server(layout->first_server);
  }
  if (layout != nullptr && is_file) line["servers"] = holders(*layout, size);
  if (json) return print_json_line(line);
  std::printf("%s: %s, %s (%llu bytes), %s used\n", path.c_str(), kind_text(status.st_mode),
              format_bytes(size).c_str(), static_cast<unsigned long long>(size),
              format_bytes(static_cast<std::uint64_t>(status.st_blocks) * 512).c_str());
  std::printf("  %s  %s %s, %llu links\n", mode_text(status.st_mode).c_str(),
              user_text(status.st_uid).c_str(), group_text(status.st_gid).c_str(),
              static_cast<unsigned long long>(status.st_nlink));
  std::printf("  read %s, modified %s, changed %s\n", time_text(status.st_atim).c_str(),
              time_text(status.st_mtim).c_str(), time_text(status.st_ctim).c_str());
  if (layout == nullptr) return;
  std::printf("  stripe count %s, chunk size %s, first server %s\n",
              layout->stripe_count == 0 ? "all" : std::to_string(layout->stripe_count).c_str(),
              format_bytes(layout->chunk_bytes).c_str(),
              format_first_server(layout->first_server).c_str());
  if (is_file) std::printf("  on servers %s\n", line["servers"].dump().c_str());
}

int show(const Stat& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  int exit_code = 0;
  for (const std::string& path : asked.paths) {
    const std::string place = place_in_session(path);
    struct stat status {};
    mayfly_layout layout{};
    if (mayfly_lstat(place.c_str(), &status) != 0) {
      exit_code = complain(cannot(path, "found"));
      continue;
    }
    const bool has_layout =
        !S_ISLNK(status.st_mode) && mayfly_getstripe(place.c_str(), &layout) == 0;
    print(path, status, has_layout ? &layout : nullptr, asked.json);
  }
  return exit_code;
}

}  // namespace

void add_stat(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Stat>();
  CLI::App* const command =
      app.add_subcommand("stat", "Show all about files of a session, and which servers hold them");
  add_session_option(*command, asked->session);
  command->add_option("paths", asked->paths, "files or directories")->required();
  command->add_flag("--json", asked->json, "a JSON object per path");
  command->footer("Example: mayfly stat /mayfly/results/field.h5");
  command->callback([asked, &exit_code] { exit_code = show(*asked); });
}

}  // namespace mayfly
