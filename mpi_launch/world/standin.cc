// mayfly-standin: takes the place of a rank that serves, in what all ranks of a launch must do
// together: MPI_Init, the split of the world, and MPI_Finalize when its input ends. In between it
// sleeps.
#include <mpi.h>
#include <unistd.h>

#include <cerrno>

namespace {

void wait_for_end_of_input() {
  char byte = 0;
  ssize_t got = 1;
  while (got > 0 || (got < 0 && errno == EINTR)) got = ::read(0, &byte, 1);
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm others = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, 1, rank, &others);
  wait_for_end_of_input();
  MPI_Comm_free(&others);
  MPI_Finalize();
  return 0;
}
