// The commands of checkpoint sets: checkpoint, drain.
#pragma once

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_checkpoint(CLI::App& app, int& exit_code);
void add_drain(CLI::App& app, int& exit_code);

}  // namespace mayfly
