#include "mpi_launch/main_job/options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <set>
#include <span>
#include <utility>

#include "mpi_launch/scratch.h"

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

Result<void, Failure> read_server_ranks(const std::string& text, MainJobOptions& options) {
  const Failure unreadable{Errc::invalid,
                           "--server-ranks must be different ranks of a node, counted from 0 and "
                           "separated by commas (1,3), not \"" +
                               text + "\"."};
  std::set<std::uint32_t> ranks;
  for (const std::string& word : split_list(text)) {
    std::uint16_t rank = 0;
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, rank);
    if (read.ec != std::errc() || read.ptr != end || !ranks.insert(rank).second) return unreadable;
  }
  if (ranks.empty()) return unreadable;
  options.server_ranks.assign(ranks.begin(), ranks.end());
  options.servers_per_node = static_cast<std::uint32_t>(ranks.size());
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
  CLI::Option* count =
      app.add_option("--servers-per-node", options.servers_per_node, "servers on each node [1]");
  std::string server_ranks;
  CLI::Option* ranks =
      app.add_option("--server-ranks", server_ranks,
                     "which ranks of each node serve, counted from 0: 1,3 [the first]")
          ->excludes(count);
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
  if (ranks->count() > 0) {
    if (auto read = read_server_ranks(server_ranks, options); !read) return read.error();
  }
  if (auto read = read_sizes(sizes); !read) return read.error();
  return options;
}

}  // namespace mayfly
