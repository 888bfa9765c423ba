#include "cli/job_rank.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace mayfly {
namespace {

/// No launcher's variables but those that a test sets, which are gone at its end.
class JobRankTest : public ::testing::Test {
 protected:
  JobRankTest() { clear(); }
  ~JobRankTest() override { clear(); }

  static void clear() {
    for (const char* const name : {"OMPI_COMM_WORLD_RANK",
                                   "OMPI_COMM_WORLD_SIZE",
                                   "OMPI_COMM_WORLD_LOCAL_RANK",
                                   "OMPI_COMM_WORLD_LOCAL_SIZE",
                                   "OMPI_MCA_orte_precondition_transports",
                                   "PMI_RANK",
                                   "PMI_SIZE",
                                   "MPI_LOCALRANKID",
                                   "MPI_LOCALNRANKS",
                                   "SLURM_PROCID",
                                   "SLURM_STEP_ID",
                                   "SLURM_STEP_NUM_TASKS",
                                   "SLURM_LOCALID",
                                   "SLURM_NODEID",
                                   "SLURM_JOB_ID",
                                   "SLURM_STEP_TASKS_PER_NODE",
                                   "SLURM_NTASKS",
                                   "SLURM_RESTART_COUNT",
                                   "PMIX_RANK",
                                   "SLURMD_NODENAME"}) {
      ::unsetenv(name);
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
};

TEST_F(JobRankTest, TasksOfANodeAreCountedAsSlurmWritesThem) {
  EXPECT_EQ(tasks_of_node("4,2", 0), 4);
  EXPECT_EQ(tasks_of_node("4,2", 1), 2);
  EXPECT_EQ(tasks_of_node("4(x3),2,1(x2)", 2), 4);
  EXPECT_EQ(tasks_of_node("4(x3),2,1(x2)", 3), 2);
  EXPECT_EQ(tasks_of_node("4(x3),2,1(x2)", 5), 1);
  EXPECT_EQ(tasks_of_node("4(x3)", 3), 0);
  EXPECT_EQ(tasks_of_node("", 0), 0);
}

TEST_F(JobRankTest, WithoutALauncherThereIsNoRank) {
  EXPECT_FALSE(job_rank_of_environment());
  // A batch script has variables of its job, but is no step.
  set("SLURM_PROCID", "0");
  set("SLURM_JOB_ID", "7");
  EXPECT_FALSE(job_rank_of_environment());
}

TEST_F(JobRankTest, OpenMpiComesBeforeTheSlurmThatItRunsIn) {
  set("SLURM_PROCID", "0");
  set("SLURM_STEP_ID", "0");
  set("OMPI_COMM_WORLD_RANK", "5");
  set("OMPI_COMM_WORLD_SIZE", "8");
  set("OMPI_COMM_WORLD_LOCAL_RANK", "1");
  set("OMPI_COMM_WORLD_LOCAL_SIZE", "4");
  set("OMPI_MCA_orte_precondition_transports", "abc");
  const auto rank = job_rank_of_environment();
  ASSERT_TRUE(rank);
  EXPECT_EQ(rank->rank, 5);
  EXPECT_EQ(rank->size, 8);
  EXPECT_EQ(rank->local_rank, 1);
  EXPECT_EQ(rank->local_size, 4);
  EXPECT_EQ(rank->job, "ompi-abc");
  EXPECT_EQ(rank->mpi, "openmpi");
}

TEST_F(JobRankTest, AStepOfSlurmHasAnMpiIfPmixSaysSo) {
  set("SLURM_PROCID", "5");
  set("SLURM_STEP_ID", "3");
  set("SLURM_JOB_ID", "7");
  set("SLURM_STEP_NUM_TASKS", "6");
  set("SLURM_LOCALID", "1");
  set("SLURM_NODEID", "1");
  set("SLURM_STEP_TASKS_PER_NODE", "4,2");
  set("SLURMD_NODENAME", "n1");
  const auto rank = job_rank_of_environment();
  ASSERT_TRUE(rank);
  EXPECT_EQ(rank->local_size, 2);
  EXPECT_EQ(rank->node, "n1");
  EXPECT_EQ(rank->job, "slurm-7-3-0");
  EXPECT_EQ(rank->mpi, "");
  set("PMIX_RANK", "5");
  EXPECT_EQ(job_rank_of_environment()->mpi, "openmpi");
}

TEST_F(JobRankTest, MpichOnSeveralNodesIsRefused) {
  set("PMI_RANK", "0");
  set("PMI_SIZE", "4");
  set("MPI_LOCALRANKID", "0");
  set("MPI_LOCALNRANKS", "4");
  ASSERT_TRUE(job_rank_of_environment());
  EXPECT_EQ(job_rank_of_environment()->mpi, "mpich");
  set("MPI_LOCALNRANKS", "2");
  EXPECT_FALSE(job_rank_of_environment());
}

}  // namespace
}  // namespace mayfly
