/* One rank of a program that makes checkpoint sets by the C calls: RANK RANKS SOURCE OUT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mayfly/mayfly_stage.h"

#define CHECK(condition)                                                                     \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      printf("rank %s, line %d: %s (%s)\n", argv[1], __LINE__, #condition, strerror(errno)); \
      return 1;                                                                              \
    }                                                                                        \
  } while (0)

static int write_own(const char* directory, const char* rank) {
  char path[400];
  snprintf(path, sizeof path, "%s/rank%s", directory, rank);
  const int fd = mayfly_open(path, O_CREAT | O_WRONLY | O_EXCL, 0644);
  return fd >= 0 && mayfly_write(fd, rank, 1) == 1 && mayfly_close(fd) == 0;
}

int main(int argc, char** argv) {
  char path[300];
  if (argc != 5) return 2;
  const unsigned ranks = (unsigned)atoi(argv[2]);
  CHECK(mayfly_checkpoint_begin("first", path, sizeof path) == -1 && errno == ENOTCONN);
  CHECK(mayfly_join_session(NULL) == 0);
  CHECK(mayfly_checkpoint_begin("../first", path, sizeof path) == -1 && errno == EINVAL);
  CHECK(mayfly_checkpoint_begin("first", path, 5) == -1 && errno == ERANGE);
  const char* const names[] = {"first", "second"};
  for (int i = 0; i < 2; ++i) {
    CHECK(mayfly_checkpoint_begin(names[i], path, sizeof path) == 0);
    CHECK(write_own(path, argv[1]));
    CHECK(mayfly_checkpoint_commit(names[i], ranks) == 0);
    /* All are there by now, whoever asks. */
    CHECK(mayfly_checkpoint_restore(NULL, NULL, path, sizeof path) == 0);
    CHECK(strstr(path, names[i]) != NULL);
  }
  CHECK(mayfly_checkpoint_drop("third") == -1 && errno == ENOENT);
  if (strcmp(argv[1], "0") == 0) {
    char* const sets = mayfly_checkpoint_list();
    CHECK(sets != NULL && strcmp(sets, "second\nfirst\n") == 0);
    free(sets);
    CHECK(mayfly_stage_in(argv[3], "/staged", NULL) == 0);
    const mayfly_stage_options options = {2, 0, 1, 0};
    CHECK(mayfly_stage_out("/staged/source/", argv[4], &options) == 0);
    CHECK(mayfly_stage_out("/checkpoints/", argv[4], NULL) == 0);
    CHECK(mayfly_stage_out("/none", argv[4], NULL) == -1 && errno == EIO);
  }
  CHECK(mayfly_leave() == 0);
  return 0;
}
