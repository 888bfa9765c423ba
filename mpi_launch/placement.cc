#include "mpi_launch/placement.h"

#include <fmt/format.h>
#include <hwloc.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

namespace mayfly {
namespace {

struct TopologyDeleter {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};
using Topology = std::unique_ptr<hwloc_topology, TopologyDeleter>;

Topology load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  Topology topology(raw);
  hwloc_topology_set_io_types_filter(raw, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

/// Whether this process may run on every processor that the topology has: nobody has bound it.
bool is_unbound(hwloc_topology_t topology) {
  hwloc_bitmap_t bound = hwloc_bitmap_alloc();
  const bool known = hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_PROCESS) == 0;
  const bool unbound =
      known && hwloc_bitmap_isequal(bound, hwloc_topology_get_allowed_cpuset(topology)) != 0;
  hwloc_bitmap_free(bound);
  return unbound;
}

std::uint32_t numa_of(hwloc_topology_t topology, hwloc_const_cpuset_t processors) {
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr) {
    if (hwloc_bitmap_intersects(node->cpuset, processors)) return node->logical_index;
  }
  return 0;
}

std::vector<Core> cores_of(hwloc_topology_t topology) {
  std::vector<Core> cores;
  hwloc_obj_t object = nullptr;
  while ((object = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, object)) != nullptr) {
    const int first = hwloc_bitmap_first(object->cpuset);
    if (first < 0) continue;
    cores.push_back({static_cast<std::uint32_t>(first), numa_of(topology, object->cpuset)});
  }
  return cores;
}

/// The name of the drive that holds `directory` ("nvme0n1", also for its partitions).
std::string drive_of(const std::string& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return "";
  std::error_code error;
  const auto device = std::filesystem::canonical(
      fmt::format("/sys/dev/block/{}:{}", major(status.st_dev), minor(status.st_dev)), error);
  if (error) return "";
  const bool is_partition = std::filesystem::exists(device / "partition", error);
  return (is_partition ? device.parent_path() : device).filename().string();
}

std::optional<std::uint32_t> numa_of_drive(hwloc_topology_t topology, const std::string& drive) {
  hwloc_obj_t device = nullptr;
  while ((device = hwloc_get_next_osdev(topology, device)) != nullptr) {
    if (device->name == nullptr || drive != device->name) continue;
    const hwloc_obj_t near = hwloc_get_non_io_ancestor_obj(topology, device);
    // A drive that hangs on the whole machine is near to everything.
    if (near == nullptr || near->type == HWLOC_OBJ_MACHINE) return std::nullopt;
    return numa_of(topology, near->cpuset);
  }
  return std::nullopt;
}

bool bind_to(hwloc_topology_t topology, std::uint32_t processor) {
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  hwloc_bitmap_only(set, processor);
  const bool bound = hwloc_set_cpubind(topology, set, HWLOC_CPUBIND_THREAD) == 0;
  hwloc_bitmap_free(set);
  return bound;
}

}  // namespace

std::vector<std::optional<std::uint32_t>> choose_cores(
    std::span<const Core> cores, std::uint32_t node_ranks,
    std::span<const std::optional<std::uint32_t>> drive_numa) {
  std::vector<std::optional<std::uint32_t>> chosen(drive_numa.size());
  if (cores.size() < node_ranks || cores.size() < drive_numa.size()) return chosen;
  std::vector<Core> left(cores.begin(), cores.end());
  for (std::size_t server = 0; server < drive_numa.size(); ++server) {
    std::size_t best = left.size() - 1;
    for (std::size_t i = left.size(); drive_numa[server] && i-- > 0;) {
      if (left[i].numa != *drive_numa[server]) continue;
      best = i;
      break;
    }
    chosen[server] = left[best].processor;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return chosen;
}

std::optional<std::uint32_t> bind_server(std::span<const std::string> scratches,
                                         std::uint32_t node_index, std::uint32_t node_ranks) {
  // Reading the topology takes tens of milliseconds: not where the answer is known before.
  if (::sysconf(_SC_NPROCESSORS_ONLN) < static_cast<long>(node_ranks)) return std::nullopt;
  const Topology topology = load_topology();
  if (topology == nullptr || !is_unbound(topology.get())) return std::nullopt;
  std::vector<std::optional<std::uint32_t>> drive_numa;
  for (const std::string& scratch : scratches) {
    drive_numa.push_back(numa_of_drive(topology.get(), drive_of(scratch)));
  }
  const auto cores = choose_cores(cores_of(topology.get()), node_ranks, drive_numa);
  if (!cores[node_index] || !bind_to(topology.get(), *cores[node_index])) return std::nullopt;
  return cores[node_index];
}

}  // namespace mayfly
