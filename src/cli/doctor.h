// mayfly doctor
#pragma once

#include <string>
#include <vector>

#include "cli/doctor/check.h"

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`: 0 if MayflyFS can run here, else 1.
void add_doctor(CLI::App& app, int& exit_code);

/// Looks at this machine; `scratch` is the option's value, a list, or empty.
std::vector<Check> examine(const std::string& scratch);

}  // namespace mayfly
