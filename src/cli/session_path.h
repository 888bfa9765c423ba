// Where the commands of one job find its session without being told.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mayfly {

/// $HOME/.mayfly/session-<job> with the batch job's number (Slurm, PBS), without a job
/// $HOME/.mayfly/session: a home directory is what all nodes see. Empty without $HOME.
std::string default_session_path();

/// Declares --session; `path` outlives `command`. $MAYFLY_SESSION stands in for it, else the
/// default.
void add_session_option(CLI::App& command, std::string& path);

}  // namespace mayfly
