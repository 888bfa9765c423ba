#include "cli/doctor/ucx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ucp/api/ucp.h>
#include <uct/api/uct.h>

#include <cstdlib>
#include <set>

namespace mayfly {
namespace {

/// The version that error handling over shared memory was tested with.
constexpr unsigned kTestedMajor = 1;
constexpr unsigned kTestedMinor = 13;

Reach reach_of(uct_device_type_t type) {
  switch (type) {
    case UCT_DEVICE_TYPE_NET:
      return Reach::network;
    case UCT_DEVICE_TYPE_SHM:
      return Reach::same_node;
    case UCT_DEVICE_TYPE_ACC:
      return Reach::accelerator;
    default:
      return Reach::self;
  }
}

void append_resources(uct_md_h domain, std::vector<Transport>& transports) {
  uct_tl_resource_desc_t* resources = nullptr;
  unsigned count = 0;
  if (uct_md_query_tl_resources(domain, &resources, &count) != UCS_OK) return;
  for (unsigned i = 0; i < count; ++i) {
    transports.push_back(
        {resources[i].tl_name, resources[i].dev_name, reach_of(resources[i].dev_type)});
  }
  uct_release_tl_resource_list(resources);
}

void append_component(uct_component_h component, std::vector<Transport>& transports) {
  uct_component_attr_t attributes{};
  attributes.field_mask = UCT_COMPONENT_ATTR_FIELD_MD_RESOURCE_COUNT;
  if (uct_component_query(component, &attributes) != UCS_OK) return;
  std::vector<uct_md_resource_desc_t> domains(attributes.md_resource_count);
  attributes.field_mask = UCT_COMPONENT_ATTR_FIELD_MD_RESOURCES;
  attributes.md_resources = domains.data();
  if (uct_component_query(component, &attributes) != UCS_OK) return;
  for (const uct_md_resource_desc_t& description : domains) {
    uct_md_config_t* settings = nullptr;
    if (uct_md_config_read(component, nullptr, nullptr, &settings) != UCS_OK) continue;
    uct_md_h domain = nullptr;
    if (uct_md_open(component, description.md_name, settings, &domain) == UCS_OK) {
      append_resources(domain, transports);
      uct_md_close(domain);
    }
    uct_config_release(settings);
  }
}

std::vector<Transport> find_transports() {
  std::vector<Transport> transports;
  uct_component_h* components = nullptr;
  unsigned count = 0;
  if (uct_query_components(&components, &count) != UCS_OK) return transports;
  for (unsigned i = 0; i < count; ++i) append_component(components[i], transports);
  uct_release_component_list(components);
  return transports;
}

bool is_loopback(const Transport& transport) { return transport.device == "lo"; }
bool is_tcp(const Transport& transport) { return transport.name == "tcp"; }

Check check_library(const UcxFacts& facts) {
  std::string found = facts.version;
  if (!facts.chosen_transports.empty()) found += ", UCX_TLS=" + facts.chosen_transports;
  const bool is_old =
      facts.major < kTestedMajor || (facts.major == kTestedMajor && facts.minor < kTestedMinor);
  if (is_old) {
    return {"UCX", Verdict::fallback, found,
            fmt::format("it is used, but older than any that was tested; install {}.{} or later.",
                        kTestedMajor, kTestedMinor)};
  }
  return {"UCX", Verdict::ok, found};
}

Check check_inside_node(const UcxFacts& facts) {
  std::set<std::string> names;
  bool has_segments = false;
  for (const Transport& transport : facts.transports) {
    if (transport.reach != Reach::same_node) continue;
    names.insert(transport.name);
    // cma and knem copy between processes, but give no memory that a peer can map.
    has_segments |= transport.name == "posix" || transport.name == "sysv";
  }
  if (has_segments)
    return {"inside a node", Verdict::ok, fmt::format("{}", fmt::join(names, ", "))};
  const std::string found = "UCX has no shared memory";
  for (const Transport& transport : facts.transports) {
    if (is_tcp(transport)) {
      return {"inside a node", Verdict::fallback, found,
              "TCP is used, at a fraction of the speed; build UCX with posix or sysv."};
    }
  }
  return {"inside a node", Verdict::problem, found, "install a UCX with posix, sysv or tcp."};
}

Check check_between_nodes(const UcxFacts& facts) {
  std::set<std::string> rdma;
  std::set<std::string> tcp;
  for (const Transport& transport : facts.transports) {
    if (transport.reach != Reach::network || is_loopback(transport)) continue;
    (is_tcp(transport) ? tcp : rdma).insert(transport.name + "/" + transport.device);
  }
  if (!rdma.empty()) {
    return {"between nodes", Verdict::ok, fmt::format("{}", fmt::join(rdma, ", "))};
  }
  if (!tcp.empty()) {
    return {"between nodes", Verdict::fallback, fmt::format("no RDMA; {}", fmt::join(tcp, ", ")),
            "TCP is used; with an RDMA network, install its drivers and a UCX with verbs."};
  }
  return {"between nodes", Verdict::fallback, "neither RDMA nor TCP",
          "only jobs on one node run; bring up a network interface for more."};
}

}  // namespace

UcxFacts observe_ucx() {
  UcxFacts facts;
  unsigned release = 0;
  ucp_get_version(&facts.major, &facts.minor, &release);
  facts.version = ucp_get_version_string();
  const char* chosen = std::getenv("UCX_TLS");
  facts.chosen_transports = chosen != nullptr ? chosen : "";
  facts.transports = find_transports();
  return facts;
}

std::vector<Check> check_ucx(const UcxFacts& facts) {
  return {check_library(facts), check_inside_node(facts), check_between_nodes(facts)};
}

}  // namespace mayfly
