// mayfly-server: ranks that all serve. Clients find the session by its file, which is there from
// when all servers are ready until they end.
#include <mpi.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/units.h"
#include "mpi_launch/launch.h"

namespace mayfly {
namespace {

struct ServerMainOptions {
  std::string session_file;
  std::string scratch;
  std::uint64_t memory_bytes = LaunchOptions().memory_bytes;
  std::uint64_t capacity_bytes = 0;
};

int complain(const MpiCommunicator& world, const std::string& sentence) {
  if (world.rank() == 0) std::fprintf(stderr, "mayfly: %s\n", sentence.c_str());
  return EXIT_FAILURE;
}

int serve(const MpiCommunicator& world, const ServerMainOptions& options) {
  LaunchOptions launch_options;
  launch_options.roles.all_serve = true;
  launch_options.scratch = options.scratch;
  launch_options.memory_bytes = options.memory_bytes;
  launch_options.capacity_bytes = options.capacity_bytes;
  launch_options.session_file = options.session_file;
  auto launch = Launch::start(world, launch_options);
  if (!launch) return complain(world, launch.error().sentence);
  launch->serve();
  return EXIT_SUCCESS;
}

int run(int argc, char** argv) {
  const MpiCommunicator world(MPI_COMM_WORLD);
  ServerMainOptions options;
  CLI::App app("The servers of a MayflyFS session: mayfly start runs this", "mayfly-server");
  app.add_option("--session-file", options.session_file, "written when all servers are ready")
      ->required();
  app.add_option("--scratch", options.scratch, "directories on node-local drives");
  app.add_option("--memory", options.memory_bytes, "pinned memory of each server")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--capacity", options.capacity_bytes, "of each server; 0: 90 % of its drive")
      ->transform(CLI::AsSizeValue(false));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return world.rank() == 0 && app.exit(error) == 0 ? 0 : 2;
  }
  return serve(world, options);
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const int status = mayfly::run(argc, argv);
  MPI_Finalize();
  return status;
}
