// mayfly run: servers and an unmodified program under one mpirun or srun.
#include "cli/run.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "cli/background.h"
#include "cli/joined.h"
#include "cli/shim_variables.h"
#include "staging/whole_io.h"

namespace mayfly {
namespace {

Result<Meeting, Failure> open_meeting(const std::string& job) {
  const char* const home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    return Failure{Errc::invalid, "HOME is not set: ranks meet in $HOME/.mayfly."};
  }
  const std::string folder = std::string(home) + "/.mayfly";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    const Errc code = errc_from(errno);
    return Failure{code, fmt::format("{} cannot be made ({}).", folder, describe(code))};
  }
  return Meeting::open(folder + "/run-" + job);
}

int run(const RunOptions& options) {
  // Whatever starts ranks may die without a word.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const auto rank = job_rank_of_environment();
  if (!rank) return complain(rank.error().sentence);
  const int programs = rank->local_size - options.servers_per_node;
  if (programs < 1) {
    if (rank->local_rank != 0) return 1;
    return complain(
        fmt::format("There are {} ranks on this node and {} servers per node: no rank "
                    "is left for the program. Start more ranks.",
                    rank->local_size, options.servers_per_node));
  }
  // Better now than at the end of a long job.
  if (!options.report.empty() && ::access(parent_of(options.report).c_str(), W_OK) != 0) {
    if (rank->rank != 0) return 1;
    return complain(cannot(parent_of(options.report), "written to, where the report should go"));
  }
  const auto meeting = open_meeting(rank->job);
  if (!meeting) return complain(meeting.error().sentence);
  if (rank->local_rank == 0) {
    const auto told = meeting->tell(fmt::format("node-{:09}", rank->rank),
                                    fmt::format("{} {}", rank->local_size, rank->node));
    if (!told) return complain(told.error().sentence);
  }
  return rank->local_rank < programs ? run_program(*rank, options, *meeting)
                                     : run_server(*rank, options, *meeting);
}

}  // namespace

std::string post_name(const JobRank& rank, int server) {
  return fmt::format("mayfly-{}-{}-{}-{}", ::geteuid(), server, rank.node, rank.job);
}

void add_run(CLI::App& app, int& exit_code) {
  const auto asked = std::make_shared<RunOptions>();
  asked->prefix = kDefaultPrefix;
  CLI::App* const command = app.add_subcommand(
      "run", "Under mpirun or srun: some ranks serve, the others run a program that sees them");
  command
      ->add_option("--servers-per-node", asked->servers_per_node,
                   "of each node's ranks; the last ones [1]")
      ->check(CLI::Range(1, 1024));
  add_server_options(*command, asked->servers);
  command->add_option("--prefix", asked->prefix, "where the program sees the files [/mayfly]")
      ->envname("MAYFLY_PREFIX");
  command->add_option("--report", asked->report,
                      "at the end write what the servers did to FILE.json and FILE.html");
  command->add_option("program", asked->program, "the program and its arguments")->required();
  command->prefix_command();
  command->positionals_at_end();
  command->footer(
      "Example: mpirun -n 8 mayfly run --scratch /local/nvme -- ./solver input\n"
      "The exit code is the program's. MPI_COMM_WORLD has its ranks only.");
  command->callback([asked, &exit_code] {
    asked->servers.measures_device |= !asked->report.empty();
    exit_code = run(*asked);
  });
}

}  // namespace mayfly
