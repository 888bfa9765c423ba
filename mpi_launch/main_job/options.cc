#include "mpi_launch/main_job/options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <span>
#include <utility>

namespace mayfly {
namespace {

struct Size {
  const char* name;
  std::uint64_t* bytes;
  std::uint64_t least;
  const char* help;
  std::string text;
};

Result<void, Failure> read_sizes(std::span<const Size> sizes) {
  for (const Size& size : sizes) {
    if (size.text.empty()) continue;
    const auto bytes = parse_bytes(size.text);
    if (!bytes || *bytes < size.least) {
      return Failure{Errc::invalid, std::string(size.name) + " must be a size of at least " +
                                        format_bytes(size.least) + " (64M, 1.5G, ...), not \"" +
                                        size.text + "\"."};
    }
    *size.bytes = *bytes;
  }
  return {};
}

}  // namespace

Result<MainJobOptions, Failure> parse_options(int argc, char** argv, std::string& usage) {
  MainJobOptions options;
  std::array<Size, 4> sizes = {{
      {"--checkpoint", &options.checkpoint_bytes, kMiB, "bytes of each checkpoint [1G]", ""},
      {"--transfer", &options.transfer_bytes, kPageBytes, "bytes per read or write [16M]", ""},
      {"--memory", &options.memory_bytes, 2 * kMiB, "pinned memory of a server [64M]", ""},
      {"--capacity", &options.capacity_bytes, kMiB, "of a server [90 % of what is free]", ""},
  }};
  CLI::App app(
      "Copies a directory tree and checkpoints through MayflyFS, compares every byte and "
      "measures.\nStart with: mpirun --oversubscribe -n 4 mayfly-mainjob");
  app.add_option("--servers-per-node", options.servers_per_node, "servers on each node [1]");
  app.add_option("--scratch", options.scratch,
                 "comma-separated directories on node-local drives "
                 "[$MAYFLY_SCRATCH, $TMPDIR, /tmp/mayfly-<uid>]");
  app.add_option("--tree", options.trees,
                 "directories or files to copy [/usr/include and "
                 "the shared libraries of the system]");
  app.add_option("--json", options.json, "write the report to this file too");
  for (Size& size : sizes) app.add_option(size.name, size.text, size.help);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    usage = app.help();
    options.help = true;
    return options;
  } catch (const CLI::ParseError& error) {
    return Failure{Errc::invalid, std::string(error.what()) + " (see --help)."};
  }
  if (options.servers_per_node == 0) {
    return Failure{Errc::invalid, "--servers-per-node must be at least 1, not 0."};
  }
  if (auto read = read_sizes(sizes); !read) return read.error();
  return options;
}

}  // namespace mayfly
