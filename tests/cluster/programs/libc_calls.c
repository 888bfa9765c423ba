/* What libc's file calls give below $D, printed: run on the local file system and under the shim.
 */
#define _GNU_SOURCE
#include "libc_calls.h"

#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

/* Declared by the headers only when a call is fortified. */
ssize_t __read_chk(int, void*, size_t, size_t);
ssize_t __pread64_chk(int, void*, size_t, off_t, size_t);
ssize_t __readlink_chk(const char*, char*, size_t, size_t);
char* __getcwd_chk(char*, size_t, size_t);
char* __realpath_chk(const char*, char*, size_t);
int __open64_2(const char*, int);
int __openat_2(int, const char*, int);
int __xstat64(int, const char*, struct stat64*);
int __fxstat(int, int, struct stat*);
int __lxstat(int, const char*, struct stat*);

static void opening(void) {
  char buffer[64] = "";
  struct stat status;
  struct stat64 status64;
  int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0640);
  say("small number", fd);
  say("open O_EXCL again", open("f", O_RDWR | O_CREAT | O_EXCL, 0640));
  say("write", write(fd, "0123456789", 10));
  say("__open64_2", close(__open64_2("f", O_RDONLY)));
  say("__openat_2", close(__openat_2(AT_FDCWD, "f", O_RDONLY)));
  say("open64", close(open64("f", O_RDONLY | O_CLOEXEC)));
  say("creat64", close(creat64("c", 0600)));
  say("O_DIRECTORY of a file", open("f", O_RDONLY | O_DIRECTORY));
  say("O_WRONLY of a directory", open(".", O_WRONLY));
  say("O_NOFOLLOW", symlink("f", "l") ? -1 : open("l", O_RDONLY | O_NOFOLLOW));
  say("lseek64", lseek64(fd, 2, SEEK_SET));
  say("__read_chk", __read_chk(fd, buffer, 3, sizeof buffer));
  say("__pread64_chk", __pread64_chk(fd, buffer, 3, 6, sizeof buffer));
  say("__readlink_chk", __readlink_chk("l", buffer, sizeof buffer, sizeof buffer));
  say("__xstat64", __xstat64(1, "l", &status64));
  say("size", status64.st_size);
  say("__lxstat", __lxstat(1, "l", &status));
  say("is a link", S_ISLNK(status.st_mode));
  say("__fxstat", __fxstat(1, fd, &status));
  say("mode", status.st_mode);
  say("one file system", fstat(fd, &status) == 0 && status.st_dev == status64.st_dev);
  say("__getcwd_chk", __getcwd_chk(buffer, 1, sizeof buffer) == NULL && errno == ERANGE);
  say("read past the end", lseek(fd, 100, SEEK_SET) == 100 ? read(fd, buffer, 5) : -1);
  say("read of what is not open for it", read(open("f", O_WRONLY), buffer, 1));
  say("write likewise", write(open("f", O_RDONLY), buffer, 1));
  say("null path", open(NULL, O_RDONLY));
  say("empty path", open("", O_RDONLY));
  say("bad number", fstat(999, &status));
  closefrom(3);
  say("closed", fcntl(fd, F_GETFD));
}

static void descriptors(void) {
  char buffer[16] = "";
  int fd = open("f", O_RDWR | O_APPEND);
  struct pollfd watched = {fd, POLLIN | POLLOUT, 0};
  int copy = dup(fd);
  say("dup", copy - fd);
  say("shared position", lseek(fd, 4, SEEK_SET) == 4 ? lseek(copy, 0, SEEK_CUR) : -1);
  say("F_DUPFD", fcntl(fd, F_DUPFD, 50));
  say("F_DUPFD_CLOEXEC", fcntl(fcntl(fd, F_DUPFD_CLOEXEC, 60), F_GETFD));
  say("dup2", dup2(fd, 70));
  say("dup3", dup3(fd, 71, O_CLOEXEC));
  say("dup3 to itself", dup3(fd, fd, 0));
  say("dup2 of nothing", dup2(99, 98));
  say("F_GETFL", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
  say("append", write(copy, "abc", 3));
  say("position behind it", lseek(fd, 0, SEEK_CUR));
  say("SEEK_END", lseek(fd, -3, SEEK_END));
  say("read", read(fd, buffer, 16));
  say("text", memcmp(buffer, "abc", 3));
  say("poll", poll(&watched, 1, 1000));
  say("events", watched.revents);
  int ahead = -1;
  say("FIONREAD", lseek(fd, -2, SEEK_END) > 0 && ioctl(fd, FIONREAD, &ahead) == 0 ? ahead : -1);
  say("isatty", isatty(fd));
  say("negative offset", lseek(fd, -1, SEEK_SET));
  say("bad whence", lseek(fd, 0, 99));
  say("SEEK_DATA past the end", lseek(fd, 1000, SEEK_DATA));
  say("F_SETFL", fcntl(fd, F_SETFL, 0));
  say("write over", lseek(fd, 1, SEEK_SET) == 1 ? write(fd, "Z", 1) : -1);
  say("and not behind", lseek(fd, 0, SEEK_END));
  say("F_SETFL O_APPEND", fcntl(fd, F_SETFL, O_APPEND));
  say("write behind", lseek(fd, 1, SEEK_SET) == 1 ? write(fd, "Z", 1) : -1);
  say("indeed", lseek(fd, 0, SEEK_END));
  say("close_range", close_range(3, 200, 0));
  say("all closed", fcntl(70, F_GETFD));
}

static void vectors(void) {
  char one[3], two[8];
  struct iovec in[] = {{one, 3}, {two, 8}};
  struct iovec out[] = {{"head", 4}, {"tail", 4}};
  int fd = open("v", O_RDWR | O_CREAT, 0644);
  say("writev", writev(fd, out, 2));
  say("pwritev64", pwritev64(fd, out, 2, 6));
  say("preadv", preadv(fd, in, 2, 0));
  say("preadv64v2", preadv64v2(fd, in, 2, 1, 0));
  say("pwritev2", pwritev2(fd, out, 1, 20, RWF_SYNC));
  say("readv", lseek(fd, 12, SEEK_SET) == 12 ? readv(fd, in, 2) : -1);
  say("bad flag", preadv2(fd, in, 2, 0, 1 << 30));
  say("sendfile", sendfile(fd, open("f", O_RDONLY), NULL, 5));
  off_t from = 2;
  say("sendfile at", sendfile64(fd, open("f", O_RDONLY), &from, 100));
  say("and on", from);
  int ends[2];
  if (pipe(ends) != 0) exit(1);
  say("splice", splice(open("f", O_RDONLY), NULL, ends[1], NULL, 7, 0));
  say("splice back", splice(ends[0], NULL, fd, NULL, 7, 0));
  say("copy_file_range", copy_file_range(open("f", O_RDONLY), NULL, fd, NULL, 100, 0));
  say("end", lseek(fd, 0, SEEK_END));
  say("fallocate", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 10000));
  say("posix_fallocate", posix_fallocate64(fd, 0, 5000));
  say("posix_fadvise", posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
  say("ftruncate", ftruncate64(fd, 7000));
  say("truncate", truncate("v", 6000));
  say("now", lseek(fd, 0, SEEK_END));
  say("lockf", lseek(fd, 0, SEEK_SET) == 0 ? lockf(fd, F_TLOCK, 10) : -1);
  say("lockf of a bad kind", lockf(fd, 77, 10));
  say("fdatasync", fdatasync(fd));
  say("sync_file_range", sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
  closefrom(3);
}

static void mapping(void) {
  int fd = open("m", O_RDWR | O_CREAT, 0644);
  say("ftruncate", ftruncate(fd, 10000));
  say("pwrite", pwrite(fd, "x", 1, 4096));
  char* map = mmap(NULL, 10000, PROT_READ, MAP_PRIVATE, fd, 0);
  say("private", map == MAP_FAILED ? -1 : map[4096]);
  say("munmap", munmap(map, 10000));
  map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
  say("of the second page", map == MAP_FAILED ? -1 : (map[0] = map[0] + 1));
  char byte = 0;
  say("file unchanged", pread(fd, &byte, 1, 4096) == 1 ? byte : -1);
  map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
  say("shared", map == MAP_FAILED ? -1 : map[0]);
  say("odd offset", (long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 5));
  say("write only", (long)mmap(NULL, 1, PROT_READ, MAP_PRIVATE, open("m", O_WRONLY), 0));
  closefrom(3);
}

static void asynchronous(void) {
  char buffer[8] = "";
  struct aiocb one = {0}, two = {0};
  const struct aiocb* both[] = {&one, &two};
  one.aio_fildes = two.aio_fildes = open("a", O_RDWR | O_CREAT, 0644);
  one.aio_buf = "asynch";
  one.aio_nbytes = 6;
  say("aio_write", aio_write(&one));
  say("aio_suspend", aio_suspend(both, 1, NULL));
  say("aio_error", aio_error(&one));
  say("aio_return", aio_return(&one));
  two.aio_buf = buffer;
  two.aio_nbytes = 8;
  two.aio_offset = 1;
  say("aio_read", aio_read(&two));
  while (aio_error(&two) == EINPROGRESS) aio_suspend(both + 1, 1, NULL);
  say("aio_return", aio_return(&two));
  say("text", memcmp(buffer, "synch", 5));
  struct aiocb* list[] = {&one, &two};
  one.aio_lio_opcode = LIO_WRITE;
  two.aio_lio_opcode = LIO_READ;
  say("lio_listio", lio_listio(LIO_WAIT, list, 2, NULL));
  closefrom(3);
}

/* The first touch, and what is made first, must leave libc's static state to the program. */
static int enter(const char* directory) {
  char words[] = "first second third";
  time_t begin = 0;
  struct tm* then = localtime(&begin);
  printf("%s\n", strtok(words, " "));
  if (directory == NULL || chdir(directory) != 0) return 0;
  umask(022);
  printf("made %d\n", mkdir("made", 0777));
  printf("%s %d\n", strtok(NULL, " "), then->tm_year);
  printf("removed %d\n", rmdir("made"));
  printf("%s\n", strtok(NULL, " "));
  return 1;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (!enter(getenv("D"))) return 2;
  opening();
  descriptors();
  vectors();
  mapping();
  asynchronous();
  streams();
  directories();
  names();
  processes();
  return 0;
}
