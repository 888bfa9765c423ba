// ServerCounters: what the servers of a joined session count (docs/statistics.md), and sums of it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace mayfly {

using CountersJson = nlohmann::ordered_json;

/// An array with an object per server; of one that does not answer it has only `server`, `node` and
/// `trouble`.
CountersJson ask_servers_for_counters();

/// Operations of one kind, on several servers or between two looks.
struct OperationSum {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::uint64_t bytes = 0;
  std::map<std::uint64_t, std::uint64_t> times;  ///< largest of a bucket in ns, how many

  void add(const CountersJson& operation);
  /// What has come since `before`, which was the same server's or servers'.
  OperationSum since(const OperationSum& before) const;
  /// Nanoseconds; 0: none was timed.
  std::uint64_t quantile(double quantile) const;
};
using OperationSums = std::map<std::string, OperationSum>;

OperationSums sum_operations(const CountersJson& servers);

/// "950 ns", "1.2 ms".
std::string time_text(std::uint64_t nanoseconds);

}  // namespace mayfly
