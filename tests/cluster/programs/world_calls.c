/* An MPI program that looks whether its world is the one it should be: world_calls RANKS FILE [END]
 *
 * END: abort, exit or crash. Prints "RANK of RANKS: N wrong"; the exit status is N. */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, ranks, wrong, freed;

static void check(int condition, const char* what) {
  if (condition) return;
  printf("rank %d: %s\n", rank, what);
  ++wrong;
}

static int on_free(MPI_Comm world, int key, void* value, void* state) {
  int size = 0;
  (void)key;
  (void)value;
  (void)state;
  MPI_Comm_size(world, &size);
  ++freed;
  return MPI_SUCCESS;
}

static int size_of(MPI_Comm communicator) {
  int size = -1;
  MPI_Comm_size(communicator, &size);
  MPI_Comm_free(&communicator);
  return size;
}

static void messages(void) {
  int sum = 0, from = -1, most = -1, word = rank == 0 ? 42 : 0;
  MPI_Request request;
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  check(sum == ranks * (ranks - 1) / 2, "MPI_Allreduce");
  MPI_Bcast(&word, 1, MPI_INT, 0, MPI_COMM_WORLD);
  check(word == 42, "MPI_Bcast");
  MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % ranks, 0, &from, 1, MPI_INT,
               (rank + ranks - 1) % ranks, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  check(from == (rank + ranks - 1) % ranks, "MPI_Sendrecv");
  MPI_Iallreduce(&rank, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD, &request);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  check(most == ranks - 1, "MPI_Iallreduce");
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  check(MPI_Send(&rank, 1, MPI_INT, ranks, 0, MPI_COMM_WORLD) != MPI_SUCCESS, "send to a server");
}

static void communicators(void) {
  MPI_Comm made;
  MPI_Group group;
  int result = -1, dimensions[1] = {ranks}, periods[1] = {1}, before, after;
  MPI_Comm_compare(MPI_COMM_WORLD, MPI_COMM_WORLD, &result);
  check(result == MPI_IDENT, "the world is itself");
  MPI_Comm_dup(MPI_COMM_WORLD, &made);
  MPI_Comm_compare(MPI_COMM_WORLD, made, &result);
  check(result == MPI_CONGRUENT, "MPI_Comm_compare");
  check(size_of(made) == ranks, "MPI_Comm_dup");
  MPI_Comm_group(MPI_COMM_WORLD, &group);
  MPI_Group_size(group, &result);
  check(result == ranks, "MPI_Comm_group");
  MPI_Comm_create_group(MPI_COMM_WORLD, group, 7, &made);
  check(size_of(made) == ranks, "MPI_Comm_create_group");
  MPI_Group_free(&group);
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &made);
  check(size_of(made) == (ranks + 1 - rank % 2) / 2, "MPI_Comm_split");
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made);
  check(size_of(made) <= ranks, "MPI_Comm_split_type");
  MPI_Cart_create(MPI_COMM_WORLD, 1, dimensions, periods, 0, &made);
  MPI_Cart_shift(made, 0, 1, &before, &after);
  check(after == (rank + 1) % ranks && size_of(made) == ranks, "MPI_Cart_create");
}

static void attributes(void) {
  int key, found = 0, length, *bound = NULL;
  void* value = NULL;
  char name[MPI_MAX_OBJECT_NAME];
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &bound, &found);
  check(found && *bound > 1000, "MPI_TAG_UB");
  MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_free, &key, NULL);
  MPI_Comm_set_attr(MPI_COMM_WORLD, key, &wrong);
  MPI_Comm_get_attr(MPI_COMM_WORLD, key, &value, &found);
  check(found && value == &wrong, "MPI_Comm_get_attr");
  MPI_Comm_get_name(MPI_COMM_WORLD, name, &length);
  check(strcmp(name, "MPI_COMM_WORLD") == 0, "MPI_Comm_get_name");
}

static void file(const char* path) {
  MPI_File opened;
  MPI_Offset size = 0, bytes;
  int mine[256], theirs[256], next = (rank + 1) % ranks;
  bytes = (MPI_Offset)sizeof mine;
  for (int at = 0; at < 256; ++at) mine[at] = rank * 256 + at;
  int status =
      MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &opened);
  check(status == MPI_SUCCESS, "MPI_File_open");
  if (status != MPI_SUCCESS) return;
  MPI_File_write_at_all(opened, rank * bytes, mine, 256, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_sync(opened);
  MPI_Barrier(MPI_COMM_WORLD);
  MPI_File_sync(opened);
  MPI_File_read_at_all(opened, next * bytes, theirs, 256, MPI_INT, MPI_STATUS_IGNORE);
  check(theirs[5] == next * 256 + 5, "MPI_File_read_at_all");
  MPI_File_get_size(opened, &size);
  check(size == ranks * bytes, "MPI_File_get_size");
  MPI_File_set_atomicity(opened, 1);
  MPI_File_write_at(opened, rank * bytes, mine, 1, MPI_INT, MPI_STATUS_IGNORE);
  MPI_File_seek_shared(opened, 0, MPI_SEEK_SET);
  MPI_File_read_ordered(opened, theirs, 256, MPI_INT, MPI_STATUS_IGNORE);
  check(memcmp(mine, theirs, sizeof mine) == 0, "MPI_File_read_ordered");
  MPI_File_close(&opened);
}

/* Windows of MPICH on one node lose what is put, with and without us, so only the group is asked.
 */
static void window(void) {
  MPI_Win made;
  MPI_Group group;
  int* memory = NULL;
  int size = -1;
  MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &made);
  MPI_Win_get_group(made, &group);
  MPI_Group_size(group, &size);
  check(size == ranks, "MPI_Win_get_group");
  MPI_Group_free(&group);
  MPI_Win_free(&made);
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  check(argc > 2 && ranks == atoi(argv[1]), "size of the world");
  messages();
  communicators();
  attributes();
  file(argv[2]);
  window();
  printf("%d of %d: %d wrong\n", rank, ranks, wrong);
  fflush(stdout);
  const char* end = argc > 3 ? argv[3] : "";
  MPI_Barrier(MPI_COMM_WORLD);
  if (strcmp(end, "abort") == 0 && rank == 1) MPI_Abort(MPI_COMM_WORLD, 7);
  if (strcmp(end, "exit") == 0 && rank == 1) exit(3);
  if (strcmp(end, "crash") == 0 && rank == 1) raise(SIGSEGV);
  MPI_Finalize();
  if (freed != 1) printf("rank %d: the attribute was freed %d times\n", rank, freed);
  return wrong + (freed != 1);
}
