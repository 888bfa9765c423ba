/* A file of the mount mapped by a program whose MPI has loaded UCX, with its memory hooks, before
 * the first touch. */
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kBytes = 100000 };

static int has_ucx(void) {
  char line[4096];
  int found = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    found = found || strstr(line, "libucm") != NULL;
  }
  if (maps != NULL) fclose(maps);
  return found;
}

static int map(const char* path) {
  static char bytes[kBytes];
  for (int i = 0; i < kBytes; ++i) bytes[i] = (char)(i * 31);
  int fd = open(path, O_CREAT | O_RDWR, 0600);
  if (fd < 0 || write(fd, bytes, kBytes) != kBytes) return 0;
  char* mapped = mmap(NULL, kBytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) perror("mmap");
  int is_right = mapped != MAP_FAILED && memcmp(mapped, bytes, kBytes) == 0;
  if (mapped != MAP_FAILED && munmap(mapped, kBytes) != 0) is_right = 0;
  return close(fd) == 0 && is_right;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int loaded = has_ucx();
  int is_right = map(argv[1]);
  printf("UCX %s, mapped %s\n", loaded ? "loaded" : "absent", is_right ? "right" : "wrong");
  MPI_Finalize();
  return !is_right;
}
