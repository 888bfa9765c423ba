#include "cli/doctor/cores.h"

#include <fmt/format.h>
#include <hwloc.h>

namespace mayfly {

CoreFacts observe_cores() {
  CoreFacts facts;
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return facts;
  // A batch system may have given us only a part of the node.
  hwloc_topology_set_flags(
      topology, HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING | HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM);
  if (hwloc_topology_load(topology) == 0) {
    facts.packages = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE);
    facts.cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    facts.threads = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
    facts.numa_nodes = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
  }
  hwloc_topology_destroy(topology);
  return facts;
}

Check check_cores(const CoreFacts& facts) {
  const std::string name = "cores";
  if (facts.threads <= 0) {
    return {name, Verdict::fallback, "hwloc cannot tell",
            "servers are bound to no core; see what lstopo says."};
  }
  const std::string found =
      fmt::format("{} cores ({} hardware threads) in {} packages, {} NUMA nodes", facts.cores,
                  facts.threads, facts.packages, facts.numa_nodes);
  if (facts.threads == 1) {
    return {name, Verdict::fallback, found,
            "servers and the application share the one core; give the job more."};
  }
  return {name, Verdict::ok, found};
}

}  // namespace mayfly
