/* A user's MPI program: one client writes a file, another reads it. With any argument it forgets to
 * finish, which MPI_Finalize has to make good. */
#include <fcntl.h>
#include <mayfly/mayfly_mpi.h>
#include <stdio.h>
#include <string.h>

static const char text[] = "from one client to another";

static int write_text(void) {
  const int fd = mayfly_open("/text", O_WRONLY | O_CREAT, 0600);
  if (fd < 0 || mayfly_pwrite(fd, text, sizeof text, 0) != sizeof text) return -1;
  return mayfly_close(fd);
}

static int read_text(void) {
  char bytes[sizeof text] = "";
  const int fd = mayfly_open("/text", O_RDONLY, 0);
  if (fd < 0 || mayfly_pread(fd, bytes, sizeof bytes, 0) != sizeof text) return -1;
  return memcmp(bytes, text, sizeof text) == 0 ? mayfly_close(fd) : -1;
}

static int run(MPI_Comm clients) {
  int rank = 0;
  int size = 0;
  int failed = 0;
  MPI_Comm_rank(clients, &rank);
  MPI_Comm_size(clients, &size);
  if (rank == 0 && write_text() != 0) perror("write");
  MPI_Barrier(clients);
  if (rank == size - 1) {
    failed = read_text() != 0;
    if (failed) perror("read");
    if (!failed && size > 1) puts(text);
  }
  return failed;
}

int main(int argc, char** argv) {
  MPI_Comm clients;
  int role;
  int failed;
  MPI_Init(&argc, &argv);
  role = mayfly_mpi_split(MPI_COMM_WORLD, NULL, &clients);
  failed = role < 0;
  if (role == 0) {
    failed = run(clients);
    if (argc == 1 && mayfly_mpi_finish(&clients) != 0) failed = 1;
  }
  MPI_Finalize();
  return failed;
}
