// The commands on the files of a session, one file each, as their namesakes of the shell.
#pragma once

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_cat(CLI::App& app, int& exit_code);
void add_cp(CLI::App& app, int& exit_code);
void add_df(CLI::App& app, int& exit_code);
void add_du(CLI::App& app, int& exit_code);
void add_find(CLI::App& app, int& exit_code);
void add_ls(CLI::App& app, int& exit_code);
void add_mkdir(CLI::App& app, int& exit_code);
void add_mv(CLI::App& app, int& exit_code);
void add_rm(CLI::App& app, int& exit_code);
void add_stat(CLI::App& app, int& exit_code);

}  // namespace mayfly
