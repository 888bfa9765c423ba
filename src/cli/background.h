// The commands of a background session, one file each: start, wait, status, env, exec, stop,
// clean.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace mayfly {

/// `exit_code` outlives `app`.
void add_start(CLI::App& app, int& exit_code);
void add_wait(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_env(CLI::App& app, int& exit_code);
void add_exec(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_stop(CLI::App& app, int& exit_code);
void add_clean(CLI::App& app, int& exit_code);

/// Whether a session file is there at all, good or bad.
bool is_there(const std::string& session);

/// Joins the session, asks every server and leaves; why that did not succeed.
Result<void, Failure> check_session(const std::string& session);

/// Asks every 50 ms until `is_so` or that much time has passed; whether it came to be so.
bool wait_until(const std::function<bool()>& is_so, std::chrono::seconds longest);

}  // namespace mayfly
