#include "mpi_launch/scratch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace mayfly {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::vector<std::string> candidates(const ScratchSources& sources) {
  std::vector<std::string> listed = split_list(sources.list);
  if (listed.empty()) listed = split_list(sources.mayfly_scratch);
  if (listed.empty() && !sources.tmpdir.empty()) listed.push_back(sources.tmpdir);
  return listed;
}

}  // namespace

ScratchSources scratch_sources(std::string_view list) {
  return {std::string(list), environment("MAYFLY_SCRATCH"), environment("TMPDIR"),
          fmt::format("/tmp/mayfly-{}", ::getuid())};
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view part = list.substr(0, comma);
    if (!part.empty()) parts.emplace_back(part);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return parts;
}

ScratchChoice choose_scratch(const ScratchSources& sources, std::uint32_t node_index,
                             std::uint32_t node_servers) {
  const std::vector<std::string> listed = candidates(sources);
  if (listed.empty()) return {sources.private_folder, true, node_servers};
  const std::uint32_t drives = static_cast<std::uint32_t>(listed.size());
  const std::uint32_t mine = node_index % drives;
  // Servers mine, mine + drives, mine + 2 * drives, ... share this directory.
  const std::uint32_t sharing = (node_servers - mine + drives - 1) / drives;
  return {listed[mine], false, sharing};
}

}  // namespace mayfly
