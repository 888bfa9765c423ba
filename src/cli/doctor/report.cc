#include "cli/doctor/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mayfly {
namespace {

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::fallback:
      return "fallback";
    case Verdict::problem:
      return "problem";
  }
  return "problem";
}

std::string closing_lines(std::span<const Check> checks) {
  if (can_run(checks)) return "MayflyFS can run here.\n";
  std::string text = "MayflyFS cannot run here. Change this:\n";
  for (const Check& check : checks) {
    if (check.verdict == Verdict::problem) {
      text += fmt::format("  - {}: {}\n", check.name, check.advice);
    }
  }
  return text;
}

}  // namespace

bool can_run(std::span<const Check> checks) {
  return std::none_of(checks.begin(), checks.end(),
                      [](const Check& check) { return check.verdict == Verdict::problem; });
}

std::string report_text(std::span<const Check> checks) {
  std::string text;
  for (const Check& check : checks) {
    text += fmt::format("{:<9} {:<17} {}\n", word(check.verdict), check.name, check.found);
    if (check.verdict == Verdict::fallback) {
      text += fmt::format("{:<9} {:<17} -> {}\n", "", "", check.advice);
    }
  }
  return text + "\n" + closing_lines(checks);
}

std::string report_json(std::span<const Check> checks) {
  nlohmann::json root;
  root["can_run"] = can_run(checks);
  root["checks"] = nlohmann::json::array();
  for (const Check& check : checks) {
    root["checks"].push_back({{"name", check.name},
                              {"verdict", word(check.verdict)},
                              {"found", check.found},
                              {"advice", check.advice}});
  }
  // A path need not be UTF-8; the report must come out all the same.
  return root.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace mayfly
