// mayfly stats: all that the servers of a session count.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/units.h"
#include "cli/counters.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/server_counters.h"
#include "cli/session_path.h"

namespace mayfly {
namespace {

struct Stats {
  std::string session;
  bool json = false;
  bool prometheus = false;
};

using Count = std::uint64_t;

void print_server(const CountersJson& server) {
  const std::string name = fmt::format("server {} on {}", server["server"].get<unsigned>(),
                                       server["node"].get<std::string>());
  if (server.contains("trouble")) {
    std::printf("%s: does not answer (%s)\n", name.c_str(),
                server["trouble"].get<std::string>().c_str());
    return;
  }
  const auto bytes = [&](const char* key) { return format_bytes(server[key].get<Count>()); };
  std::printf(
      "%s: %s of %s used, %s not synced, %u clients, %s of processor, %s resident (%s "
      "pinned)\n",
      name.c_str(), bytes("used_bytes").c_str(), bytes("capacity_bytes").c_str(),
      bytes("dirty_bytes").c_str(), server["clients"].get<unsigned>(),
      time_text(server["processor_ns"].get<Count>()).c_str(), bytes("resident_bytes").c_str(),
      bytes("pinned_bytes").c_str());
  const auto device = server.find("device");
  if (device == server.end()) return;
  for (const auto& [kind, counters] : device->items()) {
    if (!counters.is_object() || counters["time"]["count"].get<Count>() == 0) continue;
    const auto& time = counters["time"];
    std::printf("  %-13s %10lu x %10s  p50 %9s  p99 %9s  max %9s  errors %lu\n", kind.c_str(),
                time["count"].get<Count>(), format_bytes(counters["bytes"].get<Count>()).c_str(),
                time_text(time["p50_ns"].get<Count>()).c_str(),
                time_text(time["p99_ns"].get<Count>()).c_str(),
                time_text(time["max_ns"].get<Count>()).c_str(), counters["errors"].get<Count>());
  }
}

void print_operations(const OperationSums& sums) {
  std::printf("%-18s %12s %10s %12s %10s %10s\n", "operation", "requests", "errors", "bytes", "p50",
              "p99");
  for (const auto& [name, sum] : sums) {
    std::printf("%-18s %12lu %10lu %12s %10s %10s\n", name.c_str(), sum.requests, sum.errors,
                sum.bytes == 0 ? "" : format_bytes(sum.bytes).c_str(),
                time_text(sum.quantile(0.5)).c_str(), time_text(sum.quantile(0.99)).c_str());
  }
}

/// The text format of Prometheus, version 0.0.4.
class PrometheusText {
 public:
  void begin(const std::string& name, const char* type, const char* help) {
    name_ = name;
    std::printf("# HELP mayfly_%s %s\n# TYPE mayfly_%s %s\n", name.c_str(), help, name.c_str(),
                type);
  }
  void add(const CountersJson& server, const std::string& labels, double value,
           const char* suffix = "") {
    std::printf("mayfly_%s%s{server=\"%u\",node=\"%s\"%s} %.17g\n", name_.c_str(), suffix,
                server["server"].get<unsigned>(), server["node"].get<std::string>().c_str(),
                labels.c_str(), value);
  }

 private:
  std::string name_;
};

constexpr double kSecond = 1e9;

void print_gauges(PrometheusText& text, const CountersJson& servers) {
  struct Gauge {
    const char* key;
    const char* name;
    const char* type;
    const char* help;
    double divisor = 1;
  };
  constexpr Gauge kGauges[] = {
      {"uptime_ns", "uptime_seconds", "gauge", "Since the server began.", kSecond},
      {"processor_ns", "processor_seconds_total", "counter", "Processor time.", kSecond},
      {"resident_bytes", "resident_bytes", "gauge", "Memory of the process."},
      {"pinned_bytes", "pinned_bytes", "gauge", "Memory that is pinned."},
      {"capacity_bytes", "capacity_bytes", "gauge", "Room for chunks."},
      {"used_bytes", "used_bytes", "gauge", "Of the capacity."},
      {"dirty_bytes", "dirty_bytes", "gauge", "Written, and not on the drive yet."},
      {"clients", "clients", "gauge", "Connections."},
      {"requests_under_way", "requests_under_way", "gauge", "Not answered yet."},
      {"requests_to_servers", "requests_to_servers_total", "counter", "Sent to other servers."}};
  for (const Gauge& gauge : kGauges) {
    text.begin(gauge.name, gauge.type, gauge.help);
    for (const CountersJson& server : servers) {
      if (server.contains(gauge.key)) {
        text.add(server, "", server[gauge.key].get<double>() / gauge.divisor);
      }
    }
  }
}

/// `part`: "operations" or "device"; `label`: what its keys are.
void print_group(PrometheusText& text, const CountersJson& servers, const char* part,
                 const char* label, const char* name, const char* key, const char* help) {
  text.begin(name, "counter", help);
  for (const CountersJson& server : servers) {
    if (!server.contains(part)) continue;
    for (const auto& [kind, counters] : server[part].items()) {
      if (!counters.is_object() || !counters.contains(key)) continue;
      text.add(server, fmt::format(",{}=\"{}\"", label, kind), counters[key].get<double>());
    }
  }
}

void print_times(PrometheusText& text, const CountersJson& servers, const char* part,
                 const char* label, const char* name, const char* help) {
  text.begin(name, "summary", help);
  for (const CountersJson& server : servers) {
    if (!server.contains(part)) continue;
    for (const auto& [kind, counters] : server[part].items()) {
      if (!counters.is_object()) continue;
      const std::string labels = fmt::format(",{}=\"{}\"", label, kind);
      const auto& time = counters["time"];
      const auto seconds = [&](const char* key) { return time[key].get<double>() / kSecond; };
      text.add(server, labels + ",quantile=\"0.5\"", seconds("p50_ns"));
      text.add(server, labels + ",quantile=\"0.99\"", seconds("p99_ns"));
      text.add(server, labels + ",quantile=\"1\"", seconds("max_ns"));
      text.add(server, labels, seconds("sum_ns"), "_sum");
      text.add(server, labels, time["count"].get<double>(), "_count");
    }
  }
}

void print_pool(PrometheusText& text, const CountersJson& servers) {
  for (const char* const key : {"total", "used"}) {
    text.begin(fmt::format("buffers_{}", key), "gauge", "Buffers of the pool, by size.");
    for (const CountersJson& server : servers) {
      if (!server.contains("pool")) continue;
      for (const auto& size_class : server["pool"]) {
        text.add(server, fmt::format(",bytes=\"{}\"", size_class["buffer_bytes"].get<Count>()),
                 size_class[key].get<double>());
      }
    }
  }
}

void print_prometheus(const CountersJson& servers) {
  PrometheusText text;
  text.begin("up", "gauge", "Whether the server answers.");
  for (const CountersJson& server : servers) {
    text.add(server, "", server.contains("trouble") ? 0 : 1);
  }
  print_gauges(text, servers);
  print_pool(text, servers);
  print_group(text, servers, "operations", "operation", "requests_total", "requests", "Requests.");
  print_group(text, servers, "operations", "operation", "request_errors_total", "errors",
              "Replies that say no.");
  print_group(text, servers, "operations", "operation", "request_bytes_total", "bytes",
              "File data moved.");
  print_times(text, servers, "operations", "operation", "request_seconds",
              "From a request to its reply, of those that are timed.");
  print_group(text, servers, "device", "kind", "device_bytes_total", "bytes", "Moved by io_uring.");
  print_group(text, servers, "device", "kind", "device_errors_total", "errors", "Of io_uring.");
  print_times(text, servers, "device", "kind", "device_seconds", "Of an operation of io_uring.");
}

int show_stats(const Stats& asked) {
  const auto joined = Joined::join(asked.session);
  if (!joined) return complain(joined.error().sentence);
  const CountersJson servers = ask_servers_for_counters();
  if (asked.prometheus) {
    print_prometheus(servers);
  } else if (asked.json) {
    print_json_line({{"servers", servers}});
  } else {
    for (const CountersJson& server : servers) print_server(server);
    print_operations(sum_operations(servers));
  }
  for (const CountersJson& server : servers) {
    if (server.contains("trouble")) return 1;
  }
  return 0;
}

}  // namespace

void add_stats(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<Stats>();
  CLI::App* const command =
      app.add_subcommand("stats", "Show all that the servers of a session count");
  add_session_option(*command, asked->session);
  CLI::Option* const json = command->add_flag("--json", asked->json, "one object");
  command->add_flag("--prometheus", asked->prometheus, "in the text format of Prometheus")
      ->excludes(json);
  command->footer("The exit code is 0 if all servers answer.\nExample: mayfly stats --prometheus");
  command->callback([asked, &exit_code] { exit_code = show_stats(*asked); });
}

}  // namespace mayfly
