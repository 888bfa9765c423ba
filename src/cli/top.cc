// mayfly top: what the servers of a session do now.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/units.h"
#include "cli/counters.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/rate.h"
#include "cli/server_counters.h"
#include "cli/session_path.h"

namespace mayfly {
namespace {

constexpr std::size_t kOperationsShown = 10;

struct Top {
  std::string session;
  double interval_seconds = 1;
  unsigned rounds = 0;  ///< 0: until it is interrupted
  bool json = false;
};

struct Look {
  CountersJson servers;
  TimePoint at;
};

Look look() { return {ask_servers_for_counters(), Clock::steady().now()}; }

/// One server between two looks.
struct Row {
  unsigned server = 0;
  std::string node;
  std::string trouble;
  double bytes_in = 0;  ///< per second, as the next two
  double bytes_out = 0;
  double requests = 0;
  double processor = 0;  ///< of one core
  std::uint64_t device_queue = 0;
  std::uint64_t under_way = 0;
  std::uint64_t buffers_used = 0;
  std::uint64_t buffers = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t dirty_bytes = 0;
};

/// `field`: of the newest sample in a server's history.
double newest(const CountersJson& server, std::size_t field) {
  return server["history"].back()[field].get<double>();
}

Row row_of(const CountersJson& before, const CountersJson& now) {
  Row row;
  row.server = now["server"].get<unsigned>();
  row.node = now["node"].get<std::string>();
  row.trouble = now.value("trouble", "");
  if (!row.trouble.empty() || before.contains("trouble")) return row;
  enum Field : std::size_t { kTime, kRequests, kErrors, kIn, kOut, kProcessor };
  const double seconds = std::max(1e-9, (newest(now, kTime) - newest(before, kTime)) / 1e9);
  const auto rate = [&](Field field) {
    return (newest(now, field) - newest(before, field)) / seconds;
  };
  row.bytes_in = rate(kIn);
  row.bytes_out = rate(kOut);
  row.requests = rate(kRequests);
  row.processor = rate(kProcessor) / 1e9;
  if (now.contains("device")) row.device_queue = now["device"]["queue_depth"];
  row.under_way = now["requests_under_way"];
  for (const auto& size_class : now["pool"]) {
    row.buffers_used += size_class["used"].get<std::uint64_t>();
    row.buffers += size_class["total"].get<std::uint64_t>();
  }
  row.resident_bytes = now["resident_bytes"];
  row.used_bytes = now["used_bytes"];
  row.dirty_bytes = now["dirty_bytes"];
  return row;
}

std::vector<Row> rows_of(const Look& before, const Look& now) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < now.servers.size(); ++i) {
    rows.push_back(row_of(before.servers[i], now.servers[i]));
  }
  return rows;
}

/// The busiest first.
std::vector<std::pair<std::string, OperationSum>> operations_between(const Look& before,
                                                                     const Look& now) {
  const OperationSums old = sum_operations(before.servers);
  std::vector<std::pair<std::string, OperationSum>> operations;
  for (const auto& [name, sum] : sum_operations(now.servers)) {
    const auto found = old.find(name);
    OperationSum more = found == old.end() ? sum : sum.since(found->second);
    // Its own questions are not what anybody wants to see.
    if (more.requests != 0 && name != "get_statistics") operations.emplace_back(name, more);
  }
  std::sort(operations.begin(), operations.end(), [](const auto& left, const auto& right) {
    return left.second.requests > right.second.requests;
  });
  return operations;
}

void print_table(const Look& before, const Look& now) {
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  std::printf("%-6s %-16s %12s %12s %10s %5s %5s %9s %10s %10s %10s %5s\n", "server", "node", "in",
              "out", "requests/s", "queue", "tasks", "buffers", "memory", "used", "dirty", "cpu");
  Row all;
  for (const Row& row : rows_of(before, now)) {
    if (!row.trouble.empty()) {
      std::printf("%-6u %-16s does not answer (%s)\n", row.server, row.node.c_str(),
                  row.trouble.c_str());
      continue;
    }
    all.bytes_in += row.bytes_in;
    all.bytes_out += row.bytes_out;
    all.requests += row.requests;
    std::printf("%-6u %-16s %12s %12s %10.0f %5lu %5lu %4lu/%-4lu %10s %10s %10s %4.0f%%\n",
                row.server, row.node.c_str(), rate_text(row.bytes_in).c_str(),
                rate_text(row.bytes_out).c_str(), row.requests, row.device_queue, row.under_way,
                row.buffers_used, row.buffers, format_bytes(row.resident_bytes).c_str(),
                format_bytes(row.used_bytes).c_str(), format_bytes(row.dirty_bytes).c_str(),
                100 * row.processor);
  }
  std::printf("%-6s %-16s %12s %12s %10.0f\n\n", "all", "", rate_text(all.bytes_in).c_str(),
              rate_text(all.bytes_out).c_str(), all.requests);
  const auto operations = operations_between(before, now);
  if (!operations.empty()) {
    std::printf("%-18s %12s %10s %10s %10s\n", "operation", "per second", "errors", "p50", "p99");
  }
  for (std::size_t i = 0; i < std::min(operations.size(), kOperationsShown); ++i) {
    const auto& [name, sum] = operations[i];
    std::printf("%-18s %12.0f %10lu %10s %10s\n", name.c_str(),
                static_cast<double>(sum.requests) / seconds, sum.errors,
                time_text(sum.quantile(0.5)).c_str(), time_text(sum.quantile(0.99)).c_str());
  }
}

void print_json(const Look& before, const Look& now) {
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  nlohmann::ordered_json servers = nlohmann::ordered_json::array();
  for (const Row& row : rows_of(before, now)) {
    if (!row.trouble.empty()) {
      servers.push_back({{"server", row.server}, {"node", row.node}, {"trouble", row.trouble}});
      continue;
    }
    servers.push_back({{"server", row.server},
                       {"node", row.node},
                       {"bytes_in_per_second", row.bytes_in},
                       {"bytes_out_per_second", row.bytes_out},
                       {"requests_per_second", row.requests},
                       {"processor", row.processor},
                       {"device_queue", row.device_queue},
                       {"requests_under_way", row.under_way},
                       {"buffers_used", row.buffers_used},
                       {"buffers", row.buffers},
                       {"resident_bytes", row.resident_bytes},
                       {"used_bytes", row.used_bytes},
                       {"dirty_bytes", row.dirty_bytes}});
  }
  nlohmann::ordered_json operations = nlohmann::ordered_json::object();
  for (const auto& [name, sum] : operations_between(before, now)) {
    operations[name] = {{"per_second", static_cast<double>(sum.requests) / seconds},
                        {"errors", sum.errors},
                        {"p50_ns", sum.quantile(0.5)},
                        {"p99_ns", sum.quantile(0.99)}};
  }
  print_json_line({{"seconds", seconds}, {"servers", servers}, {"operations", operations}});
}

int show_top(const Top& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const unsigned rounds = asked.json && asked.rounds == 0 ? 1 : asked.rounds;
  Look before = look();
  for (unsigned round = 0; rounds == 0 || round < rounds; ++round) {
    std::this_thread::sleep_for(std::chrono::duration<double>(asked.interval_seconds));
    Look now = look();
    // From the corner of the screen on.
    if (is_terminal && !asked.json) std::fputs("\x1b[H\x1b[J", stdout);
    asked.json ? print_json(before, now) : print_table(before, now);
    std::fflush(stdout);
    const bool all_are_gone =
        std::all_of(now.servers.begin(), now.servers.end(),
                    [](const CountersJson& server) { return server.contains("trouble"); });
    if (all_are_gone) return complain("No server answers any more.");
    before = std::move(now);
  }
  return 0;
}

}  // namespace

void add_top(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Top>();
  CLI::App* const command =
      app.add_subcommand("top", "Watch what the servers of a session do, until interrupted");
  add_session_option(*command, asked->session);
  command->add_option("-i,--interval", asked->interval_seconds, "seconds between two looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("-n,--rounds", asked->rounds, "how often; 0: until it is interrupted")
      ->check(CLI::Range(0U, 1U << 30))
      ->capture_default_str();
  command->add_flag("--json", asked->json, "one object per round; one round unless -n says more");
  command->footer("Example: mayfly top -i 5");
  command->callback([asked, &exit_code] { exit_code = show_top(*asked); });
}

}  // namespace mayfly
