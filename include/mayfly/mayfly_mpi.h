/* MayflyFS inside an MPI program: some ranks become servers, the others get the file system.
 *
 *   MPI_Comm clients;
 *   int role = mayfly_mpi_split(MPI_COMM_WORLD, NULL, &clients);
 *   if (role == 0) {
 *     ... mayfly_open("/checkpoint", ...), MPI on `clients` ...
 *     mayfly_mpi_finish(&clients);
 *   }
 *   MPI_Finalize();
 *   return role < 0;
 */
#ifndef MAYFLY_MAYFLY_MPI_H
#define MAYFLY_MAYFLY_MPI_H

#include <mpi.h>

#include "mayfly/mayfly.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero stands for the default everywhere. */
typedef struct mayfly_mpi_options {
  /* Directories on node-local drives, comma separated: one per server of a node, round robin.
   * Default: $MAYFLY_SCRATCH, else $TMPDIR, else a private folder /tmp/mayfly-<uid>. */
  const char* scratch;
  unsigned servers_per_node;         /* default 1; rank 0's value counts for all */
  unsigned long long memory_bytes;   /* pinned memory of a server; default 64 MiB */
  unsigned long long capacity_bytes; /* of a server; default 90 % of what is free on its drive */
  int null_store;                    /* forget file data, to measure all but the drive */
  /* Which ranks of each node serve, counted from 0 on that node, in place of the first
   * servers_per_node. Rank 0's list counts for all. */
  const unsigned* server_ranks;
  size_t server_rank_count;
  /* Where the first server writes the session file, by which other processes of the user join while
   * the job runs (the command mayfly, mayfly_join): in a directory that all nodes see. Removed when
   * the servers end. Default: $MAYFLY_SESSION_FILE, else none. */
  const char* session_file;
} mayfly_mpi_options;

/* Collective over `world`.
 * 0: this rank is a client, has joined the file system, and *clients holds all of them.
 * 1: this rank was a server; the job is done and *clients is MPI_COMM_NULL.
 * -1 and errno, on every rank: the file system could not be started; rank 0 has said why. */
int mayfly_mpi_split(MPI_Comm world, const mayfly_mpi_options* options,
                     MPI_Comm* clients) MAYFLY_NOEXCEPT;

/* Collective over the clients, once all files are closed: leaves the file system, ends the servers
 * and frees *clients. Clients that forget it do it in MPI_Finalize. Nothing with MPI_COMM_NULL.
 * -1 and errno if this rank could not leave. If a server cannot be told to go, the job is ended by
 * MPI_Abort: it would hang in MPI_Finalize. */
int mayfly_mpi_finish(MPI_Comm* clients) MAYFLY_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif /* MAYFLY_MAYFLY_MPI_H */
