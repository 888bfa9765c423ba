// mayfly manual: the manual pages and the completion of bash, from what the commands declare.
#pragma once

namespace CLI {
class App;
}

namespace mayfly {

/// To be added last: it tells of all others. `exit_code` outlives `app`.
void add_manual(CLI::App& app, int& exit_code);

}  // namespace mayfly
