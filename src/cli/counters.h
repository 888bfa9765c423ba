// The commands that show what servers count, and what they can: stats, top, report, bench.
#pragma once

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_bench(CLI::App& app, int& exit_code);
void add_stats(CLI::App& app, int& exit_code);
void add_top(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);

}  // namespace mayfly
