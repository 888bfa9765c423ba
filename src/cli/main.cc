// The command `mayfly`.
#include <CLI/CLI.hpp>

#include "cli/background.h"
#include "cli/checkpoints.h"
#include "cli/counters.h"
#include "cli/doctor.h"
#include "cli/files.h"
#include "cli/manual.h"
#include "cli/staging.h"
#include "cli/stripe.h"
#include "cli/version.h"

int main(int argc, char** argv) {
  CLI::App app("MayflyFS: an ad-hoc burst-buffer file system over node-local NVMe", "mayfly");
  app.require_subcommand(1);
  int exit_code = 0;
  mayfly::add_bench(app, exit_code);
  mayfly::add_cat(app, exit_code);
  mayfly::add_checkpoint(app, exit_code);
  mayfly::add_clean(app, exit_code);
  mayfly::add_cp(app, exit_code);
  mayfly::add_df(app, exit_code);
  mayfly::add_doctor(app, exit_code);
  mayfly::add_drain(app, exit_code);
  mayfly::add_du(app, exit_code);
  mayfly::add_env(app, exit_code);
  mayfly::add_exec(app, exit_code);
  mayfly::add_find(app, exit_code);
  mayfly::add_getstripe(app, exit_code);
  mayfly::add_ls(app, exit_code);
  mayfly::add_mkdir(app, exit_code);
  mayfly::add_mv(app, exit_code);
  mayfly::add_report(app, exit_code);
  mayfly::add_rm(app, exit_code);
  mayfly::add_run(app, exit_code);
  mayfly::add_setstripe(app, exit_code);
  mayfly::add_stage_in(app, exit_code);
  mayfly::add_stage_out(app, exit_code);
  mayfly::add_start(app, exit_code);
  mayfly::add_stat(app, exit_code);
  mayfly::add_stats(app, exit_code);
  mayfly::add_status(app, exit_code);
  mayfly::add_stop(app, exit_code);
  mayfly::add_top(app, exit_code);
  mayfly::add_verify(app, exit_code);
  mayfly::add_version(app);
  mayfly::add_wait(app, exit_code);
  mayfly::add_manual(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help is such an "error" too, with code 0.
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
