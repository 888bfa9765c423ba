#include "cli/job_rank.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

namespace mayfly {
namespace {

std::string text(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<int> number(const char* name) {
  const std::string value = text(name);
  if (value.empty() || value[0] < '0' || value[0] > '9') return std::nullopt;
  return std::atoi(value.c_str());
}

std::string node_name() {
  if (const std::string name = text("SLURMD_NODENAME"); !name.empty()) return name;
  char name[256] = "";
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

/// When a process was started, in ticks since the machine was: with its pid it is told from all
/// others.
std::string start_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string word;
  // The 22nd word; the second is a name in brackets, of launchers without blanks.
  for (int at = 0; at < 22; ++at) file >> word;
  return word;
}

std::optional<JobRank> of_openmpi() {
  const auto rank = number("OMPI_COMM_WORLD_RANK");
  if (!rank) return std::nullopt;
  return JobRank{*rank,
                 number("OMPI_COMM_WORLD_SIZE").value_or(1),
                 number("OMPI_COMM_WORLD_LOCAL_RANK").value_or(0),
                 number("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1),
                 node_name(),
                 "ompi-" + text("OMPI_MCA_orte_precondition_transports"),
                 "openmpi"};
}

std::optional<JobRank> of_slurm() {
  const auto rank = number("SLURM_PROCID");
  // In the batch script itself there is a rank too, but no step.
  if (!rank || text("SLURM_STEP_ID").empty()) return std::nullopt;
  const int size = number("SLURM_STEP_NUM_TASKS").value_or(number("SLURM_NTASKS").value_or(1));
  return JobRank{
      *rank,
      size,
      number("SLURM_LOCALID").value_or(0),
      tasks_of_node(text("SLURM_STEP_TASKS_PER_NODE"), number("SLURM_NODEID").value_or(0)),
      node_name(),
      fmt::format("slurm-{}-{}-{}", text("SLURM_JOB_ID"), text("SLURM_STEP_ID"),
                  number("SLURM_RESTART_COUNT").value_or(0)),
      text("PMIX_RANK").empty() ? "" : "openmpi"};
}

std::optional<JobRank> of_mpich() {
  const auto rank = number("PMI_RANK");
  const auto local_rank = number("MPI_LOCALRANKID");
  if (!rank || !local_rank) return std::nullopt;
  const pid_t proxy = ::getppid();
  return JobRank{*rank,       number("PMI_SIZE").value_or(1),
                 *local_rank, number("MPI_LOCALNRANKS").value_or(1),
                 node_name(), fmt::format("mpich-{}-{}", proxy, start_of(proxy)),
                 "mpich"};
}

}  // namespace

int tasks_of_node(const std::string& tasks, int node) {
  std::istringstream words(tasks);
  for (std::string word; std::getline(words, word, ',');) {
    const std::size_t times = word.find("(x");
    node -= times == std::string::npos ? 1 : std::atoi(word.c_str() + times + 2);
    if (node < 0) return std::atoi(word.c_str());
  }
  return 0;
}

Result<JobRank, Failure> job_rank_of_environment() {
  for (const auto& found : {of_openmpi(), of_slurm(), of_mpich()}) {
    if (!found) continue;
    if (found->mpi != "mpich" || found->local_size == found->size) return *found;
    return Failure{Errc::not_supported,
                   "MPICH's launcher is supported on one node only: its ranks have no name for "
                   "their job that all nodes know. Use srun, or Open MPI's mpirun."};
  }
  return Failure{
      Errc::invalid,
      "mayfly run must be started by mpirun or srun: mpirun -n 4 mayfly run -- program."};
}

bool is_started_by_launcher() {
  std::ifstream file(fmt::format("/proc/{}/comm", ::getppid()));
  std::string name;
  std::getline(file, name);
  for (const char* const launcher :
       {"mpirun", "mpiexec", "orterun", "orted", "prte", "prted", "prterun", "mpirun.openmpi",
        "hydra_pmi_proxy", "slurmstepd"}) {
    // The kernel keeps 15 letters of a name.
    if (name == std::string(launcher).substr(0, 15)) return true;
  }
  return false;
}

}  // namespace mayfly
