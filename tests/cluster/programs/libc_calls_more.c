/* Streams, directories and processes. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <locale.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>
#include <wchar.h>

#include "libc_calls.h"

extern char** environ;

static void modes(void) {
  const char* all[] = {"w", "r", "a", "r+", "w+", "a+", "rb", "wbe", "wx", "q"};
  for (unsigned mode = 0; mode < sizeof all / sizeof *all; ++mode) {
    FILE* stream = fopen("s", all[mode]);
    printf("fopen %s: %d", all[mode], stream != NULL);
    if (stream != NULL) {
      printf(" puts %d", fputs("line\n", stream) >= 0 && fflush(stream) == 0);
      rewind(stream);
      printf(" gets %d", fgetc(stream));
      printf(" at %ld", ftell(stream));
      printf(" fclose %d", fclose(stream));
    }
    printf("\n");
  }
}

void streams(void) {
  char line[64];
  wchar_t wide[64];
  modes();
  FILE* stream = fopen64("text", "w+");
  for (int number = 0; number < 5000; ++number) fprintf(stream, "line %d\n", number);
  say("fileno", fileno(stream) > 2 && fileno(stream) < 10);
  say("ftello", ftello(stream));
  say("fseeko", fseeko(stream, -9, SEEK_END));
  say("fgets", fgets(line, sizeof line, stream) != NULL);
  printf("%s", line);
  say("end", fgetc(stream) == EOF && feof(stream));
  say("fclose", fclose(stream));
  stream = fdopen(open("text", O_RDWR), "r+");
  say("fread", fread(line, 1, 7, stream));
  say("fwrite", fseek(stream, 0, SEEK_SET) == 0 ? (long)fwrite("LINE", 1, 4, stream) : -1);
  say("fclose", fclose(stream));
  stream = fopen("text", "r");
  setlocale(LC_ALL, "C.UTF-8");
  say("fgetws", fgetws(wide, 64, stream) != NULL);
  say("wide", wide[0] == L'L' && wcslen(wide) == 7);
  say("fgetwc", fgetwc(stream));
  fclose(stream);
  stream = fopen("text", "r");
  say("skipped", fgets(line, sizeof line, stream) != NULL);
  size_t room = 0;
  char* text = NULL;
  say("getline", getline(&text, &room, stream));
  free(text);
  int number = 0;
  say("fscanf", fscanf(stream, "line %d", &number) == 1 ? number : -1);
  fclose(stream);
  fflush(stdout);
  int kept = dup(1), fd = open("out", O_RDWR | O_CREAT | O_TRUNC, 0644);
  printf("pending ");
  dup2(fd, 1);
  printf("redirected\n");
  putchar('c');
  puts("hars");
  fflush(stdout);
  if (write(1, "raw\n", 4) != 4) exit(1);
  dup2(kept, 1);
  close(kept);
  say("redirected bytes", lseek(fd, 0, SEEK_END));
  close(fd);
  say("freopen", freopen("text", "r", stdin) == stdin);
  say("scanf", scanf("LINE %d", &number) == 1 ? number : -1);
  say("remove", remove("out"));
}

static int seen_entries, seen_depth;

static int visit(const char* path, const struct stat* status, int kind, struct FTW* at) {
  (void)path;
  (void)status;
  (void)kind;
  ++seen_entries;
  if (at->level > seen_depth) seen_depth = at->level;
  return 0;
}

static int only_files(const struct dirent* entry) { return entry->d_type == DT_REG; }

void directories(void) {
  struct stat status;
  struct dirent** list;
  mkdir("d", 0755);
  mkdir("d/e", 0700);
  mkdir("d/e/g", 0755);
  for (int number = 0; number < 20; ++number) {
    char name[32];
    snprintf(name, sizeof name, "d/file-%02d", number);
    close(open(name, O_CREAT | O_WRONLY, 0644));
  }
  DIR* directory = opendir("d");
  int count = 0;
  long middle = 0;
  for (struct dirent64* entry; (entry = readdir64(directory)) != NULL; ++count) {
    if (count == 9) middle = telldir(directory);
  }
  say("readdir", count);
  seekdir(directory, middle);
  for (count = 0; readdir(directory) != NULL;) ++count;
  say("from the tenth", count);
  rewinddir(directory);
  say("dirfd", fstatat(dirfd(directory), "e", &status, 0) == 0 && S_ISDIR(status.st_mode));
  say("closedir", closedir(directory));
  say("opendir of a file", opendir("f") == NULL ? -1 : 0);
  directory = fdopendir(open("d", O_RDONLY | O_DIRECTORY));
  say("fdopendir", directory != NULL && readdir(directory) != NULL);
  closedir(directory);
  say("scandir", scandir("d", &list, only_files, alphasort));
  printf("%s %s\n", list[0]->d_name, list[19]->d_name);
  glob_t found;
  say("glob", glob("d/file-1*", 0, NULL, &found));
  printf("%zu %s\n", found.gl_pathc, found.gl_pathv[0]);
  globfree(&found);
  say("glob of nothing", glob("d/none*", 0, NULL, &found));
  say("nftw", nftw("d", visit, 10, FTW_PHYS | FTW_DEPTH));
  printf("%d entries, %d deep\n", seen_entries, seen_depth);
  closefrom(3);
}

void names(void) {
  struct stat status;
  int at = open("d", O_PATH | O_DIRECTORY);
  say("openat of O_PATH", close(openat(at, "file-01", O_RDONLY)));
  say("mkdirat", mkdirat(at, "h", 0711));
  say("renameat2", renameat2(at, "h", at, "i", RENAME_NOREPLACE));
  say("renameat2 onto", renameat2(at, "i", at, "e", RENAME_NOREPLACE));
  say("symlinkat", symlinkat("file-02", at, "s"));
  say("linkat", linkat(at, "s", at, "hard", AT_SYMLINK_FOLLOW));
  say("links", fstatat(at, "hard", &status, 0) == 0 ? (long)status.st_nlink : -1);
  say("unlinkat", unlinkat(at, "i", AT_REMOVEDIR));
  say("not empty", rmdir("d"));
  say("fchmodat", fchmodat(at, "file-03", 0604, 0));
  say("fchownat", fchownat(at, "file-03", getuid(), getgid(), AT_SYMLINK_NOFOLLOW));
  struct timeval times[2] = {{10, 20}, {30, 40}};
  say("utimes", utimes("d/file-03", times));
  say("lutimes", lutimes("d/s", times));
  struct utimbuf plain = {50, 60};
  say("utime", utime("d/file-04", &plain));
  say("stat", stat("d/file-03", &status) == 0 ? status.st_mtim.tv_nsec / 1000 : -1);
  struct statx extended;
  say("statx",
      statx(at, "file-04", 0, STATX_ALL, &extended) == 0 ? (long)extended.stx_mtime.tv_sec : -1);
  say("mode", extended.stx_mode);
  say("setxattr", setxattr("d/file-04", "user.a", "value", 5, 0));
  say("getxattr", getxattr("d/file-04", "user.a", NULL, 0));
  say("getxattr of nothing", getxattr("d/file-04", "user.b", NULL, 0));
  say("access", access("d/file-04", R_OK | W_OK));
  say("eaccess", eaccess("d/none", F_OK));
  say("mknod", mknod("node", S_IFREG | 0600, 0));
  say("pathconf", pathconf("d", _PC_NAME_MAX));
  char name[] = "tempXXXXXX";
  say("mkstemp", close(mkstemp(name)));
  say("made", unlink(name));
  char folder[] = "tempXXXXXX.d";
  say("mkstemps", close(mkstemps(folder, 2)));
  unlink(folder);
  char path[4096];
  say("realpath", realpath("d/../d/s", path) != NULL);
  printf("%s\n", path);
  say("realpath of nothing", realpath("d/none/x", path) == NULL ? -1 : 0);
  say("chdir", chdir("d/e"));
  say("getcwd", getcwd(path, sizeof path) != NULL);
  printf("%s\n", path);
  say("up", open("../file-05", O_RDONLY) >= 0);
  say("fchdir", fchdir(at));
  say("back", chdir(".."));
  closefrom(3);
}

static void* open_in_thread(void* name) {
  int fd = open(name, O_CREAT | O_RDWR, 0644);
  for (int number = 0; number < 100; ++number) {
    if (write(fd, "x", 1) != 1) return NULL;
  }
  return close(fd) == 0 ? name : NULL;
}

void processes(void) {
  char buffer[64] = "";
  pthread_t threads[8];
  char names[8][8];
  for (int each = 0; each < 8; ++each) {
    snprintf(names[each], sizeof names[each], "t%d", each);
    pthread_create(&threads[each], NULL, open_in_thread, names[each]);
  }
  int good = 0;
  for (int each = 0; each < 8; ++each) {
    void* result = NULL;
    pthread_join(threads[each], &result);
    good += result != NULL;
  }
  say("threads", good);
  int fd = open("shared", O_CREAT | O_RDWR, 0644);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(write(fd, "child", 5) == 5 && mkdir("by-child", 0755) == 0 ? 7 : 1);
  say("fork", wait_for(child));
  say("shared position", lseek(fd, 0, SEEK_CUR));
  say("read", pread(fd, buffer, 5, 0));
  child = vfork();
  if (child == 0) {
    dup2(fd, 1);
    execl("/bin/echo", "echo", "by exec", NULL);
    _exit(1);
  }
  say("vfork", wait_for(child));
  say("position", lseek(fd, 0, SEEK_CUR));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "spawned", O_CREAT | O_WRONLY, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  char* words[] = {"sh", "-c", "echo out; echo error >&2; pwd", NULL};
  say("posix_spawn", posix_spawnp(&child, "sh", &actions, NULL, words, environ));
  say("exit", wait_for(child));
  posix_spawn_file_actions_destroy(&actions);
  FILE* stream = fopen("spawned", "r");
  while (fgets(buffer, sizeof buffer, stream) != NULL) printf("%s", buffer);
  fclose(stream);
  stream = popen("cat shared; echo; pwd", "r");
  while (fgets(buffer, sizeof buffer, stream) != NULL) printf("%s", buffer);
  say("pclose", pclose(stream));
  say("system", system("test -d by-child && ls by-child"));
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  int out = open("by-system", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
  child = fork();
  if (child == 0) {
    char* none[] = {NULL};
    char* line[] = {"sh", "-c", "echo >&$0 2>/dev/null || exit 5", "9", NULL};
    dup2(out, 8);
    execve("/bin/sh", line, none);
  }
  say("closed on exec", wait_for(child));
  closefrom(3);
}
