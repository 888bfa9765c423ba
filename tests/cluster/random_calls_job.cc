// An MPI program whose client ranks make random calls on MayflyFS and on a local directory that all
// of them see: first every thread on a tree of its own, at the same time, then all in turns on one.
// Ends with 1, and a sentence for each difference, if any call ended otherwise, or if the space of
// what was removed is not free again.
#include <sys/statvfs.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "mayfly/mayfly_mpi.h"
#include "support/posix_calls.h"
#include "support/random_crew.h"

namespace {

using mayfly::RandomCrew;

struct Options {
  std::string scratch;
  unsigned servers = 1;
  RandomCrew crew;
};

bool parse(int argc, char** argv, Options& options) {
  CLI::App app("Random calls on MayflyFS and on a local directory");
  app.add_option("--scratch", options.scratch, "where the servers keep their files")->required();
  app.add_option("--local", options.crew.local, "an empty directory that all ranks see")
      ->required();
  app.add_option("--servers", options.servers, "per node");
  app.add_option("--threads", options.crew.threads, "of each client rank");
  app.add_option("--steps", options.crew.steps, "calls of each thread, on each tree");
  app.add_option("--seed", options.crew.seed, "of the first rank");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return false;
  }
  return true;
}

/// How many there are; each is said.
unsigned say(const std::vector<std::string>& differences) {
  for (const std::string& difference : differences) {
    std::fprintf(stderr, "%s\n", difference.c_str());
  }
  return static_cast<unsigned>(differences.size());
}

unsigned fail(const std::string& what) { return say({what}); }

/// Removes everything below `path`.
unsigned empty(const std::string& path) {
  std::map<std::string, int> names;
  unsigned failures = mayfly::calls_of_mayfly().list((path + "/").c_str(), names) == 0 ? 0 : 1;
  for (const auto& [name, type] : names) {
    if (name == "." || name == "..") continue;
    const std::string below = path + "/" + name;
    if (type == DT_DIR) failures += empty(below);
    const int removed = type == DT_DIR ? mayfly_rmdir(below.c_str()) : mayfly_unlink(below.c_str());
    if (removed != 0) failures += fail("cannot remove " + below);
  }
  return failures;
}

/// Servers free the space of what was removed soon, not at once.
unsigned expect_free_space(const struct statvfs& before) {
  struct statvfs now {};
  for (int tries = 0; tries < 500; ++tries) {
    if (mayfly_statfs(&now) != 0) return fail("statfs");
    if (now.f_bfree == before.f_bfree) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return fail(std::to_string(before.f_bfree - now.f_bfree) +
              " pages of what was removed are in use");
}

unsigned work(const Options& options, MPI_Comm clients) {
  ::umask(0);
  int rank = 0;
  MPI_Comm_rank(clients, &rank);
  RandomCrew crew = options.crew;
  crew.seed += static_cast<unsigned>(rank);
  struct statvfs before {};
  unsigned failures = mayfly_statfs(&before) == 0 ? 0 : fail("statfs");
  // Small chunks: files are on all servers soon.
  const mayfly_layout layout = {65536, 0, MAYFLY_ANY_SERVER};
  if (rank == 0 && mayfly_setstripe("/", &layout) != 0) failures += fail("setstripe");
  MPI_Barrier(clients);
  failures += say(mayfly::work_apart(crew));
  MPI_Barrier(clients);
  failures += say(mayfly::work_together(crew));
  MPI_Barrier(clients);
  if (rank == 0) {
    failures += say(mayfly::compare_what_is_together(crew));
    failures += empty("");
    failures += expect_free_space(before);
  }
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &threads);
  Options options;
  if (!parse(argc, argv, options)) MPI_Abort(MPI_COMM_WORLD, 2);
  mayfly_mpi_options split{};
  split.scratch = options.scratch.c_str();
  split.servers_per_node = options.servers;
  MPI_Comm clients = MPI_COMM_NULL;
  const int role = mayfly_mpi_split(MPI_COMM_WORLD, &split, &clients);
  unsigned failures = role < 0 ? 1 : 0;
  if (role == 0) {
    unsigned mine = work(options, clients);
    MPI_Allreduce(&mine, &failures, 1, MPI_UNSIGNED, MPI_SUM, clients);
    if (mayfly_mpi_finish(&clients) != 0) failures += fail("mayfly_mpi_finish");
  }
  MPI_Finalize();
  return failures == 0 ? 0 : 1;
}
