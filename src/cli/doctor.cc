#include "cli/doctor.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <utility>

#include "cli/doctor/cores.h"
#include "cli/doctor/huge_pages.h"
#include "cli/doctor/io_uring.h"
#include "cli/doctor/launchers.h"
#include "cli/doctor/limits.h"
#include "cli/doctor/report.h"
#include "cli/doctor/scratch.h"
#include "cli/doctor/shared_memory.h"
#include "cli/doctor/ucx.h"

namespace mayfly {
namespace {

struct DoctorOptions {
  std::string scratch;
  bool json = false;
};

void append(std::vector<Check>& checks, std::vector<Check> more) {
  checks.insert(checks.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<Check> examine(const std::string& scratch) {
  std::vector<Check> checks = check_io_uring(observe_io_uring());
  checks.push_back(check_locked_memory(observe_locked_memory()));
  checks.push_back(check_open_files(observe_open_files()));
  for (const ScratchPlace& place : choose_scratch_places(scratch, scratch_environment())) {
    append(checks, check_scratch(place));
  }
  append(checks, check_ucx(observe_ucx()));
  append(checks, check_shared_memory(observe_shared_memory()));
  checks.push_back(check_huge_pages(observe_huge_pages()));
  checks.push_back(check_cores(observe_cores()));
  checks.push_back(check_launchers(observe_launchers()));
  return checks;
}

void add_doctor(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* doctor =
      app.add_subcommand("doctor", "Tell whether MayflyFS can run here, and what to change if not");
  doctor->add_option("--scratch", options->scratch,
                     "Scratch directories, separated by commas (default: $MAYFLY_SCRATCH, $TMPDIR, "
                     "/tmp/mayfly-<uid>)");
  doctor->add_flag("--json", options->json, "Print JSON");
  doctor->footer("Example: mayfly doctor --scratch /local/nvme");
  doctor->callback([options, &exit_code] {
    const std::vector<Check> checks = examine(options->scratch);
    const std::string report = options->json ? report_json(checks) : report_text(checks);
    std::fputs(report.c_str(), stdout);
    exit_code = can_run(checks) ? 0 : 1;
  });
}

}  // namespace mayfly
