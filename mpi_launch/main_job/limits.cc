#include "mpi_launch/main_job/limits.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>

#include "mpi_launch/main_job/drive_limit.h"
#include "mpi_launch/main_job/transport_limit.h"
#include "mpi_launch/private_folder.h"
#include "mpi_launch/scratch.h"

namespace mayfly {
namespace {

/// All drives of this node. Servers that share a file system share its limit.
Result<DriveRates, Failure> measure_node(const LimitOptions& options) {
  const ScratchSources sources = scratch_sources(options.scratch);
  std::set<dev_t> measured;
  DriveRates sum;
  for (std::uint32_t server = 0; server < options.servers_per_node; ++server) {
    const ScratchChoice choice = choose_scratch(sources, server, options.servers_per_node);
    std::optional<PrivateFolder> folder;
    if (choice.is_private) {
      MAYFLY_TRY(opened, PrivateFolder::open(choice.directory));
      folder.emplace(std::move(opened));
    }
    struct stat status {};
    const bool known = ::stat(choice.directory.c_str(), &status) == 0;
    if (known && !measured.insert(status.st_dev).second) continue;
    MAYFLY_TRY(rates, measure_drive(choice.directory, options.bytes));
    sum.write += rates.write;
    sum.read += rates.read;
    sum.method = rates.method;
  }
  if (measured.size() > 1) sum.method += fmt::format(", sum of {} drives", measured.size());
  return sum;
}

Outcome measure_drives(const Crew& crew, const LimitOptions& options, Limits& limits) {
  const std::string node = node_name();
  const std::vector<std::string> nodes = crew.allgather(node);
  const auto first = std::find(nodes.begin(), nodes.end(), node) - nodes.begin();
  Outcome outcome;
  std::string told;
  if (static_cast<std::size_t>(first) == crew.rank()) {
    const auto rates = measure_node(options);
    if (rates) {
      told = fmt::format("{} {} {}", rates->write, rates->read, rates->method);
    } else {
      outcome = rates.error();
    }
  }
  if (auto agreed = crew.agree(outcome); !agreed) return agreed;
  for (const std::string& word : crew.allgather(told)) {
    if (word.empty()) continue;
    std::size_t end = 0;
    limits.drive_write += std::stod(word, &end);
    const std::string rest = word.substr(end + 1);
    limits.drive_read += std::stod(rest, &end);
    limits.drive_method = rest.substr(end + 1);
  }
  return {};
}

}  // namespace

Result<Limits, Failure> measure_limits(const Crew& crew, const LimitOptions& options) {
  Limits limits;
  if (auto measured = measure_drives(crew, options, limits); !measured) return measured.error();
  if (auto measured = measure_transport(crew, options.bytes, limits); !measured) {
    return measured.error();
  }
  return limits;
}

}  // namespace mayfly
