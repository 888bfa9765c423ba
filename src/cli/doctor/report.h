// The doctor's report: the Checks as people or programs read them.
#pragma once

#include <span>
#include <string>

#include "cli/doctor/check.h"

namespace mayfly {

/// Whether no Check is a problem.
bool can_run(std::span<const Check> checks);

/// A line per Check, its advice below it, and at the end what it all means.
std::string report_text(std::span<const Check> checks);

/// {"can_run": bool, "checks": [{"name", "verdict", "found", "advice"}]}
std::string report_json(std::span<const Check> checks);

}  // namespace mayfly
