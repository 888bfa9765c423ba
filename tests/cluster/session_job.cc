// An MPI program beside which the command mayfly is run: its first client makes /d, says so by
// making the file --ready, waits until --release is there, and prints the layout of a new file.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "mayfly/mayfly_mpi.h"

namespace {

constexpr int kMostWaits = 6000;

struct Options {
  std::string scratch;
  std::string session_file;
  std::string ready;
  std::string release;
  unsigned servers = 1;
};

int run(const Options& options) {
  if (mayfly_mkdir("/d", 0755) != 0) return 1;
  std::ofstream(options.ready) << "ready";
  for (int i = 0; ::access(options.release.c_str(), F_OK) != 0; ++i) {
    if (i == kMostWaits) return 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const int file = mayfly_open("/d/f", O_CREAT | O_WRONLY, 0644);
  mayfly_layout layout{};
  if (file < 0 || mayfly_close(file) != 0 || mayfly_getstripe("/d/f", &layout) != 0) return 1;
  std::printf("new file: %u %zu %d\n", layout.stripe_count, layout.chunk_bytes,
              layout.first_server);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  Options options;
  CLI::App app("A job that waits while its session is used from outside");
  app.add_option("--scratch", options.scratch)->required();
  app.add_option("--session-file", options.session_file);
  app.add_option("--ready", options.ready)->required();
  app.add_option("--release", options.release)->required();
  app.add_option("--servers", options.servers);
  CLI11_PARSE(app, argc, argv);
  mayfly_mpi_options launch{};
  launch.scratch = options.scratch.c_str();
  launch.servers_per_node = options.servers;
  if (!options.session_file.empty()) launch.session_file = options.session_file.c_str();
  MPI_Comm clients = MPI_COMM_NULL;
  const int role = mayfly_mpi_split(MPI_COMM_WORLD, &launch, &clients);
  int status = role < 0 ? 1 : 0;
  if (role == 0) {
    int rank = 0;
    MPI_Comm_rank(clients, &rank);
    if (rank == 0) status = run(options);
    if (mayfly_mpi_finish(&clients) != 0) status = 1;
  }
  MPI_Finalize();
  return status;
}
