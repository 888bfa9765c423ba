#include "mpi_launch/main_job/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/units.h"

namespace mayfly {
namespace {

double least_known(double left, double right) {
  if (left <= 0) return right;
  return right <= 0 ? left : std::min(left, right);
}

}  // namespace

double Phase::rate() const {
  return seconds > 0 ? static_cast<double>(bytes) / static_cast<double>(kMiB) / seconds : 0;
}

void Report::add(std::string name, bool is_write, std::uint64_t bytes, double seconds) {
  phases_.push_back({std::move(name), is_write, bytes, seconds, false});
}

void Report::mark_verified(std::string_view beginning) {
  for (Phase& phase : phases_) {
    if (phase.name.starts_with(beginning)) phase.verified = true;
  }
}

double Report::limit_of(const Phase& phase) const {
  return phase.is_write ? least_known(limits.drive_write, limits.transport_write)
                        : least_known(limits.drive_read, limits.transport_read);
}

std::string Report::limit_name(const Phase& phase) const {
  const double limit = limit_of(phase);
  if (limit <= 0) return "-";
  const bool drive = limit == (phase.is_write ? limits.drive_write : limits.drive_read);
  return fmt::format("{:.0f} {}", limit, drive ? "drive" : "transport");
}

std::string Report::table() const {
  std::string text = fmt::format("{:<34}{:>12}{:>10}{:>9}  {:<17}{:>6}  {}\n", "phase", "bytes",
                                 "seconds", "MiB/s", "limit MiB/s", "ratio", "verified");
  for (const Phase& phase : phases_) {
    const double limit = limit_of(phase);
    const std::string ratio = limit > 0 ? fmt::format("{:.2f}", phase.rate() / limit) : "-";
    text += fmt::format("{:<34}{:>12}{:>10.3f}{:>9.0f}  {:<17}{:>6}  {}\n", phase.name, phase.bytes,
                        phase.seconds, phase.rate(), limit_name(phase), ratio,
                        phase.verified ? "yes" : "NO");
  }
  text += fmt::format("drive: write {:.0f}, read {:.0f} MiB/s ({})\n", limits.drive_write,
                      limits.drive_read, limits.drive_method);
  text += fmt::format("transport: write {:.0f}, read {:.0f} MiB/s ({})\n", limits.transport_write,
                      limits.transport_read, limits.transport_method);
  for (const std::string& note : notes) text += note + "\n";
  return text;
}

Result<void, Failure> Report::write_json(const std::string& path) const {
  nlohmann::json root;
  root["limits"] = {{"drive_write_mib_s", limits.drive_write},
                    {"drive_read_mib_s", limits.drive_read},
                    {"drive_method", limits.drive_method},
                    {"transport_write_mib_s", limits.transport_write},
                    {"transport_read_mib_s", limits.transport_read},
                    {"transport_method", limits.transport_method}};
  root["notes"] = notes;
  root["phases"] = nlohmann::json::array();
  for (const Phase& phase : phases_) {
    root["phases"].push_back({{"phase", phase.name},
                              {"bytes", phase.bytes},
                              {"seconds", phase.seconds},
                              {"mib_s", phase.rate()},
                              {"limit_mib_s", limit_of(phase)},
                              {"verified", phase.verified}});
  }
  std::ofstream file(path);
  file << root.dump(2) << '\n';
  file.flush();
  if (file) return {};
  return Failure{Errc::io_error, "The report " + path + " cannot be written: see --json."};
}

}  // namespace mayfly
