// mayfly report, and the reports of run and stop.
#include "cli/report.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include "cli/counters.h"
#include "cli/entry_text.h"
#include "cli/joined.h"
#include "cli/session_path.h"
#include "mayfly/mayfly.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

constexpr unsigned kMeasuredServers = 16;
constexpr std::size_t kMostCells = 160;
constexpr double kLeastCellSeconds = 0.25;
constexpr double kNanoseconds = 1e9;

/// The fields of a history's samples, as the servers give them.
enum Field : std::size_t { kTime, kRequests, kErrors, kIn, kOut, kProcessor };

/// What a field was at a time, in seconds before now; a straight line between samples.
double value_at(const CountersJson& server, Field field, double seconds_ago) {
  const double at = server["uptime_ns"].get<double>() - seconds_ago * kNanoseconds;
  double time = 0;
  double value = 0;
  for (const auto& sample : server["history"]) {
    const double next_time = sample[kTime].get<double>();
    const double next = sample[field].get<double>();
    if (next_time >= at) {
      const double part = next_time > time ? std::max(0.0, at - time) / (next_time - time) : 0;
      return value + part * (next - value);
    }
    time = next_time;
    value = next;
  }
  return value;
}

/// Of all servers together, cell by cell, per second.
struct Timeline {
  double cell_seconds = 0;
  std::vector<double> in;
  std::vector<double> out;
  std::vector<double> requests;
  std::vector<double> processor;
};

Timeline timeline_of(const CountersJson& servers, double seconds) {
  const auto wanted = static_cast<std::size_t>(seconds / kLeastCellSeconds);
  const std::size_t cells = std::clamp<std::size_t>(wanted, 1, kMostCells);
  Timeline line;
  line.cell_seconds = seconds / static_cast<double>(cells);
  const auto fill = [&](Field field, std::vector<double>& rates) {
    rates.assign(cells, 0);
    for (const CountersJson& server : servers) {
      if (server.contains("trouble")) continue;
      double before = 0;
      for (std::size_t cell = 0; cell < cells; ++cell) {
        const double ago = seconds - line.cell_seconds * static_cast<double>(cell + 1);
        const double now = value_at(server, field, ago);
        rates[cell] += (now - before) / line.cell_seconds;
        before = now;
      }
    }
  };
  fill(kIn, line.in);
  fill(kOut, line.out);
  fill(kRequests, line.requests);
  fill(kProcessor, line.processor);
  for (double& processor : line.processor) processor /= kNanoseconds;
  return line;
}

/// What most of a cell's work was.
const char* kind_of(double in, double out, double requests) {
  constexpr double kLittle = 1 << 20;
  if (in < kLittle && out < kLittle) return requests < 1 ? "idle" : "metadata";
  if (in > 4 * out) return "write";
  return out > 4 * in ? "read" : "mixed";
}

struct Peaks {
  double device_read = 0;
  double device_write = 0;
  double put = 0;
  double get = 0;
};

/// Of all servers together; what was not measured is 0.
Peaks peaks_of(const CountersJson& servers, const std::vector<WayPeak>& ways) {
  Peaks peaks;
  for (const CountersJson& server : servers) {
    if (!server.contains("device_peak")) continue;
    peaks.device_read += server["device_peak"]["read_bytes_per_second"].get<double>();
    peaks.device_write += server["device_peak"]["write_bytes_per_second"].get<double>();
  }
  // Of one client to one server: all clients together may do more.
  for (const WayPeak& way : ways) {
    peaks.put = std::max(peaks.put, static_cast<double>(way.put_bytes_per_second));
    peaks.get = std::max(peaks.get, static_cast<double>(way.get_bytes_per_second));
  }
  return peaks;
}

void add_share(CountersJson& phase, const char* key, double rate, double peak) {
  if (peak > 0) phase[key] = 100 * rate / peak;
}

CountersJson phases_of(const Timeline& line, const Peaks& peaks) {
  CountersJson phases = CountersJson::array();
  const std::size_t cells = line.in.size();
  for (std::size_t begin = 0; begin < cells;) {
    const char* const kind = kind_of(line.in[begin], line.out[begin], line.requests[begin]);
    double in = 0;
    double out = 0;
    double requests = 0;
    std::size_t end = begin;
    for (; end < cells &&
           kind == std::string(kind_of(line.in[end], line.out[end], line.requests[end]));
         ++end) {
      in += line.in[end] * line.cell_seconds;
      out += line.out[end] * line.cell_seconds;
      requests += line.requests[end] * line.cell_seconds;
    }
    const double seconds = static_cast<double>(end - begin) * line.cell_seconds;
    CountersJson phase = {{"begin_seconds", static_cast<double>(begin) * line.cell_seconds},
                          {"end_seconds", static_cast<double>(end) * line.cell_seconds},
                          {"kind", kind},
                          {"bytes_in", in},
                          {"bytes_out", out},
                          {"requests", requests}};
    add_share(phase, "percent_of_device_write_peak", in / seconds, peaks.device_write);
    add_share(phase, "percent_of_device_read_peak", out / seconds, peaks.device_read);
    add_share(phase, "percent_of_way_put_peak", in / seconds, peaks.put);
    add_share(phase, "percent_of_way_get_peak", out / seconds, peaks.get);
    phases.push_back(phase);
    begin = end;
  }
  return phases;
}

CountersJson balance_of(const CountersJson& servers) {
  CountersJson balance = CountersJson::array();
  for (const CountersJson& server : servers) {
    CountersJson row = {{"server", server["server"]}, {"node", server["node"]}};
    if (server.contains("trouble")) {
      row["trouble"] = server["trouble"];
    } else {
      const auto& newest = server["history"].back();
      row["bytes_in"] = newest[kIn];
      row["bytes_out"] = newest[kOut];
      row["requests"] = newest[kRequests];
      row["errors"] = newest[kErrors];
      row["processor_seconds"] = newest[kProcessor].get<double>() / kNanoseconds;
      row["used_bytes"] = server["used_bytes"];
    }
    balance.push_back(row);
  }
  return balance;
}

CountersJson operations_of(const CountersJson& servers) {
  CountersJson operations = CountersJson::object();
  for (const auto& [name, sum] : sum_operations(servers)) {
    operations[name] = {{"requests", sum.requests},     {"errors", sum.errors},
                        {"bytes", sum.bytes},           {"p50_ns", sum.quantile(0.5)},
                        {"p99_ns", sum.quantile(0.99)}, {"max_ns", sum.quantile(1)}};
  }
  return operations;
}

Result<void, Failure> write_whole(const std::string& file, const std::string& text) {
  const Status written = write_file(local_calls(), file, text);
  if (written) return {};
  return Failure{written.error(), fmt::format("The report cannot be written to {} ({}).", file,
                                              describe(written.error()))};
}

}  // namespace

std::vector<WayPeak> measure_ways() {
  std::vector<WayPeak> ways(std::min(mayfly_server_count(), kMeasuredServers));
  for (unsigned server = 0; server < ways.size(); ++server) {
    unsigned long long put = 0;
    unsigned long long get = 0;
    // What cannot be measured is not compared with.
    if (mayfly_measure_server(server, &put, &get) == 0) ways[server] = {put, get};
  }
  return ways;
}

CountersJson make_report(const CountersJson& servers, const std::vector<WayPeak>& ways) {
  double seconds = 0;
  std::set<std::string> nodes;
  double totals[kProcessor + 1] = {};
  for (const CountersJson& server : servers) {
    nodes.insert(server["node"].get<std::string>());
    if (server.contains("trouble")) continue;
    seconds = std::max(seconds, server["uptime_ns"].get<double>() / kNanoseconds);
    for (const Field field : {kRequests, kErrors, kIn, kOut, kProcessor}) {
      totals[field] += server["history"].back()[field].get<double>();
    }
  }
  const Timeline line = timeline_of(servers, seconds);
  const Peaks peaks = peaks_of(servers, ways);
  const char* const job = std::getenv("SLURM_JOB_ID");
  return {{"mayfly", mayfly_version()},
          {"job", job == nullptr ? "" : job},
          {"written_at", time_text(timespec{std::time(nullptr), 0})},
          {"seconds", seconds},
          {"servers", servers.size()},
          {"nodes", nodes.size()},
          {"bytes_in", totals[kIn]},
          {"bytes_out", totals[kOut]},
          {"requests", totals[kRequests]},
          {"errors", totals[kErrors]},
          {"processor_seconds", totals[kProcessor] / kNanoseconds},
          {"peaks",
           {{"device_read_bytes_per_second", peaks.device_read},
            {"device_write_bytes_per_second", peaks.device_write},
            {"way_put_bytes_per_second", peaks.put},
            {"way_get_bytes_per_second", peaks.get}}},
          {"phases", phases_of(line, peaks)},
          {"balance", balance_of(servers)},
          {"operations", operations_of(servers)},
          {"timeline",
           {{"cell_seconds", line.cell_seconds},
            {"bytes_in_per_second", line.in},
            {"bytes_out_per_second", line.out},
            {"requests_per_second", line.requests},
            {"processors", line.processor}}},
          {"counters", servers}};
}

Result<void, Failure> write_report(const std::string& file, const CountersJson& report) {
  std::filesystem::path stem(file);
  const bool has_ending = stem.extension() == ".json" || stem.extension() == ".html";
  if (has_ending) stem.replace_extension();
  const std::string json = has_ending ? stem.string() + ".json" : file;
  const std::string page = stem.string() + ".html";
  if (auto written = write_whole(json, json_line(report)); !written) return written;
  return write_whole(page, report_page(report));
}

Result<void, Failure> write_report_now(const std::string& file, const std::vector<WayPeak>& ways) {
  return write_report(file, make_report(ask_servers_for_counters(), ways));
}

void add_report(CLI::App& app, int& exit_code) {
  struct Asked {
    std::string session;
    std::string file;
  };
  const auto asked = std::make_shared<Asked>();
  CLI::App* const command = app.add_subcommand(
      "report", "Write what a session has done so far: as JSON, and as a page with plots");
  add_session_option(*command, asked->session);
  command->add_option("file", asked->file, "FILE.json; the page goes to FILE.html")->required();
  command->footer(
      "Peaks of the drives are in it if the servers were started with --measure.\n"
      "Example: mayfly report ~/run1.json");
  command->callback([asked, &exit_code] {
    const auto joined = Joined::join(asked->session);
    if (!joined) {
      exit_code = complain(joined.error().sentence);
      return;
    }
    const auto written = write_report_now(asked->file, {});
    exit_code = written ? 0 : complain(written.error().sentence);
  });
}

}  // namespace mayfly
