#include "cli/version.h"

#include <fmt/format.h>
#include <ucp/api/ucp.h>

#include <CLI/CLI.hpp>
#include <cstdio>

namespace mayfly {

std::string version_text() {
  return fmt::format("mayfly {}\nUCX {}\n", MAYFLY_VERSION, ucp_get_version_string());
}

void add_version(CLI::App& app) {
  app.add_subcommand("version", "Print the versions of mayfly and of what it runs on")
      ->callback([] { std::fputs(version_text().c_str(), stdout); });
}

}  // namespace mayfly
