// mayfly setstripe, mayfly getstripe: which servers hold the bytes of files.
#pragma once

#include <string>

#include "base/result.h"
#include "mayfly/mayfly.h"

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_setstripe(CLI::App& app, int& exit_code);
void add_getstripe(CLI::App& app, int& exit_code);

/// "any", "local" or a server's number, as mayfly_layout has it.
Result<int> parse_first_server(const std::string& text);
std::string format_first_server(int first_server);

}  // namespace mayfly
