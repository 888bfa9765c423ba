#include "cli/server_counters.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "mayfly/mayfly.h"

namespace mayfly {
namespace {

CountersJson ask_server(unsigned server) {
  const std::unique_ptr<char, decltype(&std::free)> text(mayfly_server_statistics(server),
                                                         &std::free);
  std::string trouble;
  if (text == nullptr) {
    trouble = describe(errc_from(errno));
  } else {
    CountersJson json = CountersJson::parse(text.get(), nullptr, false);
    if (!json.is_discarded()) return json;
    trouble = "what it says is not understood";
  }
  // It may have gone since, but its node is known.
  mayfly_server_status status{};
  mayfly_stat_server(server, &status);
  return {{"server", server}, {"node", status.node}, {"trouble", trouble}};
}

}  // namespace

CountersJson ask_servers_for_counters() {
  CountersJson servers = CountersJson::array();
  for (unsigned server = 0; server < mayfly_server_count(); ++server) {
    servers.push_back(ask_server(server));
  }
  return servers;
}

void OperationSum::add(const CountersJson& operation) {
  requests += operation.value("requests", std::uint64_t{0});
  errors += operation.value("errors", std::uint64_t{0});
  bytes += operation.value("bytes", std::uint64_t{0});
  for (const auto& bucket : operation.at("time").at("buckets")) {
    times[bucket.at(0).get<std::uint64_t>()] += bucket.at(1).get<std::uint64_t>();
  }
}

OperationSum OperationSum::since(const OperationSum& before) const {
  OperationSum sum;
  sum.requests = requests - std::min(requests, before.requests);
  sum.errors = errors - std::min(errors, before.errors);
  sum.bytes = bytes - std::min(bytes, before.bytes);
  for (const auto& [largest, count] : times) {
    // The rate of a processor's ticks is known better the later: a bucket's size may differ a bit.
    const auto old = before.times.lower_bound(largest - largest / 100);
    const bool is_same = old != before.times.end() && old->first <= largest + largest / 100;
    const std::uint64_t more = count - std::min(count, is_same ? old->second : 0);
    if (more != 0) sum.times[largest] = more;
  }
  return sum;
}

std::uint64_t OperationSum::quantile(double quantile) const {
  std::uint64_t all = 0;
  for (const auto& [largest, count] : times) all += count;
  std::uint64_t seen = 0;
  for (const auto& [largest, count] : times) {
    seen += count;
    if (static_cast<double>(seen) >= quantile * static_cast<double>(all)) return largest;
  }
  return 0;
}

OperationSums sum_operations(const CountersJson& servers) {
  OperationSums sums;
  for (const CountersJson& server : servers) {
    if (!server.contains("operations")) continue;
    for (const auto& [name, operation] : server["operations"].items()) sums[name].add(operation);
  }
  return sums;
}

std::string time_text(std::uint64_t nanoseconds) {
  constexpr std::array<const char*, 4> kUnits = {"ns", "us", "ms", "s"};
  auto value = static_cast<double>(nanoseconds);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, kUnits[unit]);
}

}  // namespace mayfly
