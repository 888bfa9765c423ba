// mayfly-server: one of the servers of a session. They meet in a directory, so that whatever starts
// processes can start them. Clients find the session by its file, which is there from when all
// servers are ready until they end.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/units.h"
#include "mpi_launch/launch.h"
#include "mpi_launch/meeting_communicator.h"

namespace mayfly {
namespace {

struct ServerMainOptions {
  std::string session_file;
  std::string meeting;
  int rank = -1;  ///< -1: as the launcher says
  int size = -1;
  unsigned timeout_seconds = 60;
  std::string scratch;
  std::uint64_t memory_bytes = LaunchOptions().memory_bytes;
  std::uint64_t capacity_bytes = 0;
  bool measures_device = false;
};

int complain(const std::string& sentence) {
  std::fprintf(stderr, "mayfly: %s\n", sentence.c_str());
  return EXIT_FAILURE;
}

/// The first of the variables that is a number; -1: none.
int number_of_environment(std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    const char* const value = std::getenv(name);
    if (value != nullptr && value[0] >= '0' && value[0] <= '9') return std::atoi(value);
  }
  return -1;
}

int serve(ServerMainOptions options) {
  // Open MPI's first: under its mpirun in a Slurm job there are Slurm's too.
  if (options.rank < 0) {
    options.rank = number_of_environment({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"});
    options.size = number_of_environment({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"});
  }
  if (options.rank < 0 || options.size <= options.rank) {
    options.rank = 0;
    options.size = 1;
  }
  const auto meeting =
      Meeting::open(options.meeting, std::chrono::seconds(options.timeout_seconds));
  if (!meeting) return complain(meeting.error().sentence);
  const MeetingCommunicator servers(*meeting, options.rank, options.size);
  LaunchOptions launch_options;
  launch_options.roles.all_serve = true;
  launch_options.scratch = options.scratch;
  launch_options.memory_bytes = options.memory_bytes;
  launch_options.capacity_bytes = options.capacity_bytes;
  launch_options.measures_device = options.measures_device;
  launch_options.session_file = options.session_file;
  // Whoever started the servers may have been killed.
  if (options.rank == 0) launch_options.at_end = [&meeting] { meeting->remove(); };
  auto launch = Launch::start(servers, launch_options);
  if (!launch) {
    // All know of a server that could not start, and one says it; not of one that was not heard.
    const bool is_mine = options.rank == 0 || launch.error().code == Errc::timed_out;
    return is_mine ? complain(launch.error().sentence) : EXIT_FAILURE;
  }
  launch->serve();
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  ServerMainOptions options;
  CLI::App app("A server of a MayflyFS session: mayfly start and mayfly run start it",
               "mayfly-server");
  app.add_option("--session-file", options.session_file, "written when all servers are ready")
      ->required();
  app.add_option("--meeting", options.meeting, "directory that the servers of all nodes see")
      ->required();
  app.add_option("--rank", options.rank, "among the servers [the launcher's]");
  app.add_option("--size", options.size, "how many servers [the launcher's]");
  app.add_option("--timeout", options.timeout_seconds, "seconds that servers wait for each other");
  app.add_option("--scratch", options.scratch, "directories on node-local drives");
  app.add_option("--memory", options.memory_bytes, "pinned memory of each server")
      ->transform(CLI::AsSizeValue(false));
  app.add_flag("--measure", options.measures_device, "measure the drive first, for reports");
  app.add_option("--capacity", options.capacity_bytes, "of each server; 0: 90 % of its drive")
      ->transform(CLI::AsSizeValue(false));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return serve(options);
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) { return mayfly::run(argc, argv); }
