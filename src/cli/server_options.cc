#include "cli/server_options.h"

#include <CLI/CLI.hpp>

namespace mayfly {

void add_server_options(CLI::App& command, ServerOptions& options) {
  command.add_option("--scratch", options.scratch,
                     "directories on node-local drives, separated by commas, one per server of a "
                     "node [$MAYFLY_SCRATCH, $TMPDIR, /tmp/mayfly-<uid>]");
  command.add_option("--memory", options.memory_bytes, "pinned memory of each server [64M]")
      ->transform(CLI::AsSizeValue(false));
  command
      .add_option("--capacity", options.capacity_bytes,
                  "bytes of each server [90 % of what is free on its drive]")
      ->transform(CLI::AsSizeValue(false));
  command.add_flag("--measure", options.measures_device,
                   "measure the drives first, as reports want to know");
}

std::vector<std::string> words_of(const ServerOptions& options) {
  std::vector<std::string> words;
  const auto add_bytes = [&](const char* name, std::uint64_t bytes) {
    if (bytes != 0) words.insert(words.end(), {name, std::to_string(bytes)});
  };
  if (!options.scratch.empty()) words.insert(words.end(), {"--scratch", options.scratch});
  add_bytes("--memory", options.memory_bytes);
  add_bytes("--capacity", options.capacity_bytes);
  if (options.measures_device) words.emplace_back("--measure");
  return words;
}

}  // namespace mayfly
