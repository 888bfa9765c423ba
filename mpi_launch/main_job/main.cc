// The main job: one mpirun that is a file system and its user at once. It copies a real directory
// tree and two checkpoints through MayflyFS, compares every byte, and says how fast that was.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "mayfly/mayfly_mpi.h"
#include "mpi_launch/main_job/checkpoint.h"
#include "mpi_launch/main_job/crew.h"
#include "mpi_launch/main_job/limits.h"
#include "mpi_launch/main_job/options.h"
#include "mpi_launch/main_job/report.h"
#include "mpi_launch/main_job/tree_copy.h"
#include "server/server_process.h"

namespace mayfly {
namespace {

Outcome run_phases(const Crew& crew, const MainJobOptions& options, Report& report) {
  LimitOptions limit_options{
      options.scratch, options.servers_per_node,
      std::clamp<std::uint64_t>(options.checkpoint_bytes, 64 * kMiB, 512 * kMiB)};
  MAYFLY_TRY(limits, measure_limits(crew, limit_options));
  report.limits = std::move(limits);
  MAYFLY_TRY(tree, TreeCopy::prepare(crew, options.trees, options.transfer_bytes, report));
  if (auto copied = tree.copy_in(); !copied) return copied;
  const CheckpointOptions checkpoint{options.checkpoint_bytes, options.transfer_bytes};
  for (const auto shape : {CheckpointShape::file_per_rank, CheckpointShape::shared_file}) {
    if (auto done = run_checkpoint(crew, shape, checkpoint, report); !done) return done;
  }
  return tree.copy_out();
}

int run_client(MPI_Comm clients, const MainJobOptions& options) {
  const Crew crew(clients);
  Report report;
  report.notes.push_back("each server " + ServerProcess::budget(options.memory_bytes));
  Outcome outcome = run_phases(crew, options, report);
  if (!crew.is_first()) return outcome ? 0 : 1;
  if (outcome) {
    std::printf("%s", report.table().c_str());
    if (!options.json.empty()) outcome = report.write_json(options.json);
  }
  if (outcome) {
    std::printf("verified: every byte, size, mode and name, each by another rank than wrote it%s\n",
                crew.size() == 1 ? " (but there is only one client)" : "");
    std::fflush(stdout);
    return 0;
  }
  std::fflush(stdout);
  std::fprintf(stderr, "mayfly: %s\n", outcome.error().sentence.c_str());
  return 1;
}

int run_rank(const MainJobOptions& options) {
  mayfly_mpi_options launch{};
  launch.scratch = options.scratch.c_str();
  launch.servers_per_node = options.servers_per_node;
  launch.server_ranks = options.server_ranks.data();
  launch.server_rank_count = options.server_ranks.size();
  launch.memory_bytes = options.memory_bytes;
  launch.capacity_bytes = options.capacity_bytes;
  MPI_Comm clients = MPI_COMM_NULL;
  const int role = mayfly_mpi_split(MPI_COMM_WORLD, &launch, &clients);
  if (role != 0) return role < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
  const int status = run_client(clients, options);
  if (mayfly_mpi_finish(&clients) == 0) return status;
  std::perror("mayfly: this rank could not leave the file system");
  return EXIT_FAILURE;
}

int first_rank_says(std::FILE* stream, const std::string& text, int status) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) std::fprintf(stream, "%s\n", text.c_str());
  return status;
}

int run(int argc, char** argv) {
  std::string usage;
  const auto options = parse_options(argc, argv, usage);
  if (!options) return first_rank_says(stderr, "mayfly: " + options.error().sentence, EXIT_FAILURE);
  if (options->help) return first_rank_says(stdout, usage, EXIT_SUCCESS);
  return run_rank(*options);
}

}  // namespace
}  // namespace mayfly

int main(int argc, char** argv) {
  // A client whose launcher was killed has nobody to end it.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // Modes are copied as they are.
  ::umask(0);
  MPI_Init(&argc, &argv);
  const int status = mayfly::run(argc, argv);
  MPI_Finalize();
  return status;
}
