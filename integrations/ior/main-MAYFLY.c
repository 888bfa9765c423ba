/* ior and mdtest whose servers are among their own ranks: MPI_COMM_WORLD is split, and the
 * benchmark gets the clients. See README.md.
 *
 * $MAYFLY_SERVERS_PER_NODE: of each node's ranks, the first ones [1]. $MAYFLY_SCRATCH: directories
 * on node-local drives. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <mayfly/mayfly_mpi.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ior.h"
#include "mdtest.h"

/* Whether all went well, as far as the benchmark says so. */
static int run(int argc, char** argv, MPI_Comm clients) {
  const char* slash = strrchr(argv[0], '/');
  if (strstr(slash == NULL ? argv[0] : slash, "mdtest") != NULL) {
    return mdtest_run(argc, argv, clients, stdout)->total_errors == 0;
  }
  int is_right = 1;
  for (IOR_test_t* test = ior_run(argc, argv, clients, stdout); test != NULL; test = test->next) {
    is_right = is_right && test->results->errors == 0;
  }
  return is_right;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const char* servers = getenv("MAYFLY_SERVERS_PER_NODE");
  mayfly_mpi_options options = {0};
  options.servers_per_node = servers == NULL ? 0 : (unsigned)strtoul(servers, NULL, 10);
  MPI_Comm clients;
  int role = mayfly_mpi_split(MPI_COMM_WORLD, &options, &clients);
  int failed = role < 0;
  if (role == 0) {
    failed = !run(argc, argv, clients);
    if (mayfly_mpi_finish(&clients) != 0) failed = 1;
  }
  MPI_Finalize();
  return failed;
}
