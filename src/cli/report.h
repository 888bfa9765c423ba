// Report: what a job did with its session, from all that its servers have counted.
#pragma once

#include <string>
#include <vector>

#include "cli/server_counters.h"

namespace mayfly {

/// What a client could put to a server and get from it, measured at the start; 0: it was not.
struct WayPeak {
  std::uint64_t put_bytes_per_second = 0;
  std::uint64_t get_bytes_per_second = 0;
};

/// Of the joined session's servers: at most kMeasuredServers, for it takes 0.1 s each.
std::vector<WayPeak> measure_ways();

/// The whole report as JSON (docs/statistics.md); `ways` may be empty.
CountersJson make_report(const CountersJson& servers, const std::vector<WayPeak>& ways);

/// The same as one page that needs no network.
std::string report_page(const CountersJson& report);

/// Writes FILE (JSON) and the page beside it: FILE with ".html" instead of ".json", or behind it.
/// Each appears whole.
Result<void, Failure> write_report(const std::string& file, const CountersJson& report);

/// Asks the joined session's servers and writes it.
Result<void, Failure> write_report_now(const std::string& file, const std::vector<WayPeak>& ways);

}  // namespace mayfly
