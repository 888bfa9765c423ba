/* checkpoint: an ordinary MPI program that computes, writes checkpoints and starts again from the
 * last.
 *
 *   mpirun -n 4 checkpoint DIRECTORY [STEPS] [MIB_PER_RANK]
 *
 * It knows nothing of MayflyFS: the job scripts here run it on whatever DIRECTORY is. Each rank
 * keeps an array, whose values follow from rank and step. Every step it writes the array to a file
 * of its own and, with the other ranks, to one file through MPI-IO; the step counts once all have
 * synced and rank 0 has renamed a small file that says so. A run that finds one goes on from there,
 * and compares every value that it has read. */
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank, ranks;
static const char* directory;
static size_t values; /* per rank */

static void fail(const char* what, const char* path) {
  fprintf(stderr, "checkpoint: rank %d: %s %s: %s\n", rank, what, path, strerror(errno));
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static uint64_t value_of(int of_rank, int step, size_t at) {
  return ((uint64_t)step << 48) ^ ((uint64_t)of_rank << 32) ^ (at * 2654435761u);
}

static void compute(uint64_t* array, int step) {
  for (size_t at = 0; at < values; ++at) array[at] = value_of(rank, step, at);
}

static void compare(const uint64_t* array, int of_rank, int step, const char* path) {
  for (size_t at = 0; at < values; ++at) {
    if (array[at] == value_of(of_rank, step, at)) continue;
    fprintf(stderr, "checkpoint: rank %d: value %zu of %s is wrong\n", rank, at, path);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
}

static void write_own(const uint64_t* array, int step) {
  char path[4096];
  snprintf(path, sizeof path, "%s/rank-%d.%d", directory, rank, step % 2);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) fail("open", path);
  const char* bytes = (const char*)array;
  for (size_t done = 0, all = values * sizeof *array; done < all;) {
    ssize_t written = write(fd, bytes + done, all - done);
    if (written <= 0) fail("write", path);
    done += (size_t)written;
  }
  if (fsync(fd) != 0 || close(fd) != 0) fail("sync", path);
}

static void read_own(uint64_t* array, int step) {
  char path[4096];
  snprintf(path, sizeof path, "%s/rank-%d.%d", directory, rank, step % 2);
  FILE* file = fopen(path, "rb");
  if (file == NULL) fail("open", path);
  if (fread(array, sizeof *array, values, file) != values) fail("read", path);
  fclose(file);
  compare(array, rank, step, path);
}

/* Written by all together; what is read is the next rank's part. */
static void write_shared(uint64_t* array, int step) {
  char path[4096];
  snprintf(path, sizeof path, "%s/all.%d", directory, step % 2);
  MPI_File file;
  MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_ARE_FATAL);
  MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
  MPI_Offset bytes = (MPI_Offset)(values * sizeof *array);
  MPI_File_write_at_all(file, rank * bytes, array, (int)values, MPI_UINT64_T, MPI_STATUS_IGNORE);
  MPI_File_sync(file);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(file);
  int next = (rank + 1) % ranks;
  MPI_File_read_at_all(file, next * bytes, array, (int)values, MPI_UINT64_T, MPI_STATUS_IGNORE);
  compare(array, next, step, path);
  MPI_File_close(&file);
}

static void say_done(int step) {
  char path[4096], unfinished[4096];
  snprintf(path, sizeof path, "%s/last", directory);
  snprintf(unfinished, sizeof unfinished, "%s/last.new", directory);
  FILE* file = fopen(unfinished, "w");
  if (file == NULL || fprintf(file, "%d\n", step) < 0 || fflush(file) != 0)
    fail("write", unfinished);
  if (fsync(fileno(file)) != 0 || fclose(file) != 0) fail("sync", unfinished);
  if (rename(unfinished, path) != 0) fail("rename to", path);
}

/* The step to go on from; 0: none. */
static int last_step(void) {
  char path[4096];
  int step = 0;
  snprintf(path, sizeof path, "%s/last", directory);
  if (rank == 0) {
    FILE* file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%d", &step) != 1) fail("read", path);
    if (file != NULL) fclose(file);
  }
  MPI_Bcast(&step, 1, MPI_INT, 0, MPI_COMM_WORLD);
  return step;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc < 2) {
    if (rank == 0) fprintf(stderr, "usage: checkpoint DIRECTORY [STEPS] [MIB_PER_RANK]\n");
    MPI_Finalize();
    return 2;
  }
  directory = argv[1];
  int steps = argc > 2 ? atoi(argv[2]) : 3;
  values = (size_t)(argc > 3 ? atoi(argv[3]) : 64) * (1 << 20) / sizeof(uint64_t);
  uint64_t* array = malloc(values * sizeof *array);
  if (array == NULL) fail("allocate", "the array");
  int step = last_step();
  if (step > 0) read_own(array, step);
  if (rank == 0) printf("checkpoint: %d ranks, from step %d\n", ranks, step);
  double begin = MPI_Wtime();
  for (int until = step + steps; step < until;) {
    compute(array, ++step);
    write_own(array, step);
    write_shared(array, step);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) say_done(step);
  }
  double seconds = MPI_Wtime() - begin;
  double mib = 3.0 * steps * ranks * (double)(values * sizeof *array) / (1 << 20);
  if (rank == 0) {
    printf(
        "checkpoint: step %d reached, %.0f MiB moved in %.2f s (%.0f MiB/s), every value right\n",
        step, mib, seconds, mib / seconds);
  }
  free(array);
  MPI_Finalize();
  return 0;
}
