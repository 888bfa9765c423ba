#include "cli/launcher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <climits>
#include <cstdlib>
#include <iterator>

namespace mayfly {
namespace {

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

bool is_on_path(const std::string& name) {
  const char* const path = std::getenv("PATH");
  for (const std::string& directory : CLI::detail::split(path == nullptr ? "" : path, ':')) {
    if (is_program(directory + "/" + name)) return true;
  }
  return false;
}

std::vector<std::string> srun_words(std::uint32_t servers_per_node) {
  const char* const nodes = std::getenv("SLURM_JOB_NUM_NODES");
  const unsigned long count = nodes == nullptr ? 1 : std::strtoul(nodes, nullptr, 10);
  // SLURM_NTASKS, which sbatch sets, overrides --ntasks-per-node: both are given.
  return {"srun",
          "--overlap",
          "--mpi=none",
          "--kill-on-bad-exit=1",
          "--cpu-bind=none",
          fmt::format("--nodes={}", count),
          fmt::format("--ntasks={}", count * servers_per_node),
          fmt::format("--ntasks-per-node={}", servers_per_node)};
}

struct Mpirun {
  std::string program;  ///< empty: there is none
  bool is_openmpi = true;
};

/// Where several MPIs are installed, Debian calls them mpirun.openmpi and mpirun.mpich.
Mpirun find_mpirun(const std::string& mpi) {
  for (const std::string name : {"openmpi", "mpich"}) {
    const bool is_meant = mpi.empty() || mpi == name;
    if (is_meant && is_on_path("mpirun." + name)) return {"mpirun." + name, name == "openmpi"};
  }
  if (!is_on_path("mpirun")) return {};
  return {"mpirun", mpi.empty() ? is_on_path("ompi_info") : mpi == "openmpi"};
}

/// Open MPI's and MPICH's differ in all but -n.
std::vector<std::string> mpirun_words(const Mpirun& mpirun, std::uint32_t servers_per_node) {
  if (!mpirun.is_openmpi) {
    return {mpirun.program, "-bind-to", "none", "-n", std::to_string(servers_per_node)};
  }
  std::vector<std::string> words = {mpirun.program, "--oversubscribe",
                                    "--bind-to",    "none",
                                    "--map-by",     fmt::format("ppr:{}:node", servers_per_node)};
  // It refuses root unless told otherwise; containers often have no other user.
  if (::geteuid() == 0) words.emplace_back("--allow-run-as-root");
  return words;
}

}  // namespace

std::string program_directory() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string program(path, length < 0 ? 0 : static_cast<std::size_t>(length));
  return program.substr(0, program.rfind('/'));
}

Result<std::vector<std::string>, Failure> launcher_command(const LauncherOptions& options) {
  const std::string server = program_directory() + "/mayfly-server";
  if (!is_program(server)) {
    return Failure{Errc::no_entry, fmt::format("There is no {}: MayflyFS was not installed as a "
                                               "whole.",
                                               server)};
  }
  std::vector<std::string> words;
  const Mpirun mpirun = find_mpirun(options.mpi);
  if (!options.launcher.empty()) {
    words = CLI::detail::split_up(options.launcher);
  } else if (std::getenv("SLURM_JOB_ID") != nullptr && is_on_path("srun")) {
    words = srun_words(options.servers_per_node);
  } else if (!mpirun.program.empty()) {
    words = mpirun_words(mpirun, options.servers_per_node);
  } else {
    return Failure{Errc::no_entry,
                   "Neither srun in a Slurm job nor mpirun was found on PATH: load the MPI's "
                   "module, or name the command with --launcher."};
  }
  words.push_back(server);
  words.insert(words.end(), options.server_words.begin(), options.server_words.end());
  return words;
}

Result<pid_t, Failure> start_detached(const std::vector<std::string>& words,
                                      const std::string& log) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error == 0) return pid;
  const Errc code = errc_from(error);
  return Failure{code, fmt::format("{} with output to {} could not be started ({}).", words[0], log,
                                   describe(code))};
}

}  // namespace mayfly
