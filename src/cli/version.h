// mayfly version
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mayfly {

void add_version(CLI::App& app);

/// "mayfly 0.1.0" and a line for each library whose version matters.
std::string version_text();

}  // namespace mayfly
