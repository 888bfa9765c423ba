// A report as a page: tables, and plots as SVG, with nothing to be fetched.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/units.h"
#include "cli/rate.h"
#include "cli/report.h"

namespace mayfly {
namespace {

constexpr double kWidth = 860;
constexpr double kHeight = 180;
constexpr double kLeft = 90;
constexpr double kBottom = 24;
constexpr double kRight = 30;
constexpr double kTop = 26;  ///< the names of the lines

constexpr const char* kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 60em; color: #222; }
h2 { margin-top: 1.6em; font-size: 1.15em; }
table { border-collapse: collapse; } th, td { padding: .15em .8em; text-align: right; }
td { white-space: nowrap; }
th { border-bottom: 1px solid #999; } td:first-child, th:first-child { text-align: left; }
tr:nth-child(even) { background: #f4f4f4; }
svg text { font-size: 11px; fill: #555; } .in { stroke: #0b66c3; } .out { stroke: #c7521a; }
.line { fill: none; stroke-width: 1.5; } .axis { stroke: #bbb; }
.peak { stroke: #888; stroke-dasharray: 5 4; }
rect.in { fill: #0b66c3; stroke: none; } rect.out { fill: #c7521a; stroke: none; }
)";

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '<') {
      safe += "&lt;";
    } else if (letter == '&') {
      safe += "&amp;";
    } else {
      safe += letter;
    }
  }
  return safe;
}

std::string bytes_text(double bytes) {
  return format_bytes(static_cast<std::uint64_t>(std::max(0.0, bytes)));
}
std::string count_text(double count) { return fmt::format("{:.0f}", count); }

struct Series {
  const char* name;
  const char* style;  ///< class: "in", "out"
  std::vector<double> values;
};

using Text = std::string (*)(double);

/// Lines over the job's time; `peaks`: heights with a name, as far as they are measured.
std::string plot(const std::vector<Series>& series, double seconds, Text text,
                 const std::vector<std::pair<const char*, double>>& peaks) {
  double top = 0;
  for (const Series& one : series) {
    for (const double value : one.values) top = std::max(top, value);
  }
  for (const auto& [name, height] : peaks) {
    // One far above all that was done would leave the lines flat.
    if (height < 4 * top) top = std::max(top, height);
  }
  if (top <= 0) top = 1;
  const auto y = [top](double value) { return kHeight - value / top * (kHeight - kTop); };
  std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">", kLeft + kWidth + kRight,
                                kHeight + kBottom);
  for (const double part : {0.0, 0.5, 1.0}) {
    svg += fmt::format(
        "<line class=\"axis\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>",
        kLeft, kLeft + kWidth, y(part * top), kLeft - 6, y(part * top) + 4, text(part * top));
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:.1f} s</text>",
                       kLeft + part * kWidth, kHeight + 18, part * seconds);
  }
  for (const auto& [name, height] : peaks) {
    if (height <= 0 || height > top) continue;
    svg += fmt::format(
        "<line class=\"peak\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>"
        "<text x=\"{1}\" y=\"{3:.1f}\" text-anchor=\"end\">{4}</text>",
        kLeft, kLeft + kWidth, y(height), y(height) - 3, name);
  }
  double label = kLeft + 8;
  for (const Series& one : series) {
    svg += fmt::format("<polyline class=\"line {}\" points=\"", one.style);
    const double step = kWidth / static_cast<double>(std::max<std::size_t>(1, one.values.size()));
    // Steps: a cell's rate is that of all of its time.
    for (std::size_t i = 0; i < one.values.size(); ++i) {
      const double x = kLeft + static_cast<double>(i) * step;
      svg += fmt::format("{:.1f},{:.1f} {:.1f},{:.1f} ", x, y(one.values[i]), x + step,
                         y(one.values[i]));
    }
    svg += fmt::format(
        "\"/><line class=\"line {0}\" x1=\"{1}\" x2=\"{2}\" y1=\"10\" y2=\"10\"/>"
        "<text x=\"{3}\" y=\"14\">{4}</text>",
        one.style, label, label + 18, label + 23, one.name);
    label += 120;
  }
  return svg + "</svg>\n";
}

std::string balance_plot(const CountersJson& balance) {
  double top = 1;
  for (const auto& row : balance) {
    top = std::max({top, row.value("bytes_in", 0.0), row.value("bytes_out", 0.0)});
  }
  constexpr double kRow = 22;
  std::string svg = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">", kLeft + kWidth + kRight,
                                kRow * static_cast<double>(balance.size()) + 4);
  double y = 2;
  for (const auto& row : balance) {
    const double in = row.value("bytes_in", 0.0);
    const double out = row.value("bytes_out", 0.0);
    svg += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">server {}</text>"
        "<rect class=\"in\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"8\"/>"
        "<rect class=\"out\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"8\"/>",
        kLeft - 6, y + 13, row["server"].get<unsigned>(), kLeft, y, in / top * kWidth, kLeft, y + 9,
        out / top * kWidth);
    y += kRow;
  }
  return svg + "</svg>\n";
}

std::string row(const std::vector<std::string>& cells, const char* tag = "td") {
  std::string text = "<tr>";
  for (const std::string& cell : cells) text += fmt::format("<{0}>{1}</{0}>", tag, escaped(cell));
  return text + "</tr>\n";
}

std::string percent(const CountersJson& phase, const char* key) {
  return phase.contains(key) ? fmt::format("{:.0f} %", phase[key].get<double>()) : "";
}

std::string phases_table(const CountersJson& phases) {
  std::string table =
      "<table>" + row({"phase", "from", "to", "in", "out", "requests/s", "of drives' write",
                       "of drives' read", "of one client's way in", "and out"},
                      "th");
  for (const auto& phase : phases) {
    const double begin = phase["begin_seconds"].get<double>();
    const double end = phase["end_seconds"].get<double>();
    const double seconds = std::max(1e-9, end - begin);
    table +=
        row({phase["kind"].get<std::string>(), fmt::format("{:.1f} s", begin),
             fmt::format("{:.1f} s", end), rate_text(phase["bytes_in"].get<double>() / seconds),
             rate_text(phase["bytes_out"].get<double>() / seconds),
             count_text(phase["requests"].get<double>() / seconds),
             percent(phase, "percent_of_device_write_peak"),
             percent(phase, "percent_of_device_read_peak"),
             percent(phase, "percent_of_way_put_peak"), percent(phase, "percent_of_way_get_peak")});
  }
  return table + "</table>\n";
}

std::string balance_table(const CountersJson& balance) {
  std::string table =
      "<table>" + row({"server", "node", "in", "out", "requests", "processor", "used"}, "th");
  for (const auto& server : balance) {
    const std::string number = std::to_string(server["server"].get<unsigned>());
    const auto node = server["node"].get<std::string>();
    if (server.contains("trouble")) {
      table += row({number, node, "did not answer: " + server["trouble"].get<std::string>()});
      continue;
    }
    table += row({number, node, bytes_text(server["bytes_in"].get<double>()),
                  bytes_text(server["bytes_out"].get<double>()),
                  count_text(server["requests"].get<double>()),
                  fmt::format("{:.2f} s", server["processor_seconds"].get<double>()),
                  bytes_text(server["used_bytes"].get<double>())});
  }
  return table + "</table>\n";
}

std::string operations_table(const CountersJson& operations) {
  std::string table =
      "<table>" + row({"operation", "requests", "errors", "bytes", "p50", "p99", "max"}, "th");
  for (const auto& [name, sum] : operations.items()) {
    const auto time = [&sum = sum](const char* key) {
      // Of few that are done at once none may have been timed.
      const auto nanoseconds = sum[key].get<std::uint64_t>();
      return nanoseconds == 0 ? std::string("-") : time_text(nanoseconds);
    };
    table += row({name, count_text(sum["requests"].get<double>()),
                  count_text(sum["errors"].get<double>()), bytes_text(sum["bytes"].get<double>()),
                  time("p50_ns"), time("p99_ns"), time("max_ns")});
  }
  return table + "</table>\n";
}

std::string peaks_text(const CountersJson& peaks) {
  const auto text = [&](const char* key, const char* name) {
    const double peak = peaks[key].get<double>();
    return peak > 0 ? fmt::format("{}: {}. ", name, rate_text(peak)) : std::string();
  };
  const std::string all = text("device_write_bytes_per_second", "All drives together, write") +
                          text("device_read_bytes_per_second", "read") +
                          text("way_put_bytes_per_second", "One client into a server's memory") +
                          text("way_get_bytes_per_second", "and out of it");
  return all.empty() ? "Drives and network were not measured at the start." : all;
}

}  // namespace

std::string report_page(const CountersJson& report) {
  const double seconds = report["seconds"].get<double>();
  const auto& timeline = report["timeline"];
  const auto values = [&](const char* key) { return timeline[key].get<std::vector<double>>(); };
  const auto& peaks = report["peaks"];
  std::string page = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">";
  page += fmt::format("<title>MayflyFS report</title><style>{}</style></head><body>\n", kStyle);
  const auto job = report["job"].get<std::string>();
  page += fmt::format("<h1>MayflyFS{}</h1>\n", job.empty() ? "" : ", job " + escaped(job));
  page += fmt::format(
      "<p>{} servers on {} nodes, {:.1f} s until {}. {} in, {} out, {} requests, {} of them "
      "refused; "
      "{:.2f} s of processor time.<br>{}</p>\n",
      report["servers"].get<std::size_t>(), report["nodes"].get<std::size_t>(), seconds,
      report["written_at"].get<std::string>(), bytes_text(report["bytes_in"].get<double>()),
      bytes_text(report["bytes_out"].get<double>()), count_text(report["requests"].get<double>()),
      count_text(report["errors"].get<double>()), report["processor_seconds"].get<double>(),
      peaks_text(peaks));
  page += "<h2>Data</h2>\n";
  page += plot(
      {{"in", "in", values("bytes_in_per_second")}, {"out", "out", values("bytes_out_per_second")}},
      seconds, rate_text,
      {{"drives, write", peaks["device_write_bytes_per_second"].get<double>()},
       {"drives, read", peaks["device_read_bytes_per_second"].get<double>()}});
  page += "<h2>Requests per second</h2>\n";
  page += plot({{"requests", "in", values("requests_per_second")}}, seconds, count_text, {});
  page += "<h2>Processors busy with serving</h2>\n";
  page += plot({{"processors", "in", values("processors")}}, seconds,
               [](double value) { return fmt::format("{:.2f}", value); }, {});
  page += "<h2>Phases</h2>\n" + phases_table(report["phases"]);
  page += "<h2>Servers</h2>\n" + balance_plot(report["balance"]) + balance_table(report["balance"]);
  page += "<h2>Operations</h2>\n" + operations_table(report["operations"]);
  return page + "</body></html>\n";
}

}  // namespace mayfly
