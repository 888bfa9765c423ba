// The commands that copy between a session and other file systems: stage-in, stage-out, verify.
#pragma once

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_stage_in(CLI::App& app, int& exit_code);
void add_stage_out(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);

}  // namespace mayfly
