// A rank whose program computes.
#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "cli/child.h"
#include "cli/joined.h"
#include "cli/program_kind.h"
#include "cli/run.h"
#include "cli/shim_variables.h"
#include "cli/termination.h"
#include "protocol/node_post.h"

namespace mayfly {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{10};
constexpr int kNotFound = 127;
constexpr int kNotExecutable = 126;

/// The shim, and with an MPI launcher what narrows MPI_COMM_WORLD.
Result<Variables, Failure> variables_of(const JobRank& rank, const RunOptions& options,
                                        const Meeting& meeting) {
  std::string world;
  if (!rank.mpi.empty()) {
    MAYFLY_TRY(found, find_library("libmayfly_world_" + rank.mpi + ".so"));
    world = std::move(found);
  }
  MAYFLY_TRY(variables, shim_variables(meeting.path(kSessionName), options.prefix, world));
  std::string posts;
  for (int server = 0; server < options.servers_per_node; ++server) {
    posts += (server == 0 ? "" : " ") + post_name(rank, server);
  }
  variables.emplace_back("MAYFLY_POSTS", posts);
  return variables;
}

/// Until the servers are ready; whether they are.
bool wait_for_session(const Meeting& meeting) {
  const auto end = std::chrono::steady_clock::now() + meeting.patience();
  while (!meeting.is_over() && std::chrono::steady_clock::now() < end) {
    if (meeting.has(kSessionName)) return true;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return false;
}

/// As the program ended, so that the launcher sees what it would without us.
int end_alike(int status) {
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  ::signal(WTERMSIG(status), SIG_DFL);
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
  ::raise(WTERMSIG(status));
  return exit_code_of(status);
}

}  // namespace

int run_program(const JobRank& rank, const RunOptions& options, const Meeting& meeting) {
  const Termination termination;
  if (!wait_for_session(meeting)) {
    if (rank.rank != 0) return 1;
    return complain("The servers are not ready: what they have said comes before or after this.");
  }
  const auto variables = variables_of(rank, options, meeting);
  if (!variables) return complain(variables.error().sentence);
  if (const Status said = NodePost::say(post_name(rank, 0), kHello); !said) {
    return complain(
        fmt::format("This node's server does not listen any more ({}).", describe(said.error())));
  }
  if (rank.rank == 0) warn_of_static_program(options.program[0]);
  auto program = Child::start(options.program, {.variables = *variables});
  if (!program) {
    if (rank.rank == 0) {
      complain(
          fmt::format("{} cannot be run ({}).", options.program[0], describe(program.error())));
    }
    return program.error() == Errc::no_entry ? kNotFound : kNotExecutable;
  }
  while (!program->has_ended()) {
    if (const int number = termination.wait_with({program->descriptor()})) program->signal(number);
  }
  return end_alike(program->wait());
}

}  // namespace mayfly
