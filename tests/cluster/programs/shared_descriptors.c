/* Positions of open files, alone and shared by fork, exec and spawn. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

extern char** environ;

enum { kRecords = 6000, kReaders = 3 };

static void alone(void) {
  int fd = open("alone", O_CREAT | O_RDWR, 0644);
  say("write", write(fd, "0123456789", 10));
  say("at", lseek(fd, 0, SEEK_CUR));
  say("back", lseek(fd, -4, SEEK_CUR));
  char bytes[16];
  say("read what is left", read(fd, bytes, sizeof bytes));
  say("at the end", read(fd, bytes, sizeof bytes));
  say("before the beginning", lseek(fd, -11, SEEK_CUR));
  say("negative", lseek(fd, -1, SEEK_SET));
  say("from the end", lseek(fd, -3, SEEK_END));
  int twin = dup(fd);
  struct iovec two[2] = {{bytes, 1}, {bytes + 1, 9}};
  say("readv by the twin", readv(twin, two, 2));
  say("at", lseek(fd, 0, SEEK_CUR));
  say("write that fails", write(fd, NULL, 5));
  say("at", lseek(fd, 0, SEEK_CUR));
  int other = open("alone", O_WRONLY | O_APPEND);
  say("append", write(other, "abc", 3));
  say("append's position", lseek(other, 0, SEEK_CUR));
  say("its own", lseek(fd, 0, SEEK_CUR));
  say("again from the beginning", lseek(open("alone", O_RDONLY), 0, SEEK_CUR));
  closefrom(3);
}

/* Each way to another process writes where the one before has ended. */
static void handed_on(void) {
  int fd = open("handed-on", O_CREAT | O_RDWR, 0644);
  say("number", fd);
  write(fd, "first ", 6);
  fflush(stdout);
  say("system", system("printf 'system ' >&3"));
  say("at", lseek(fd, 0, SEEK_CUR));
  FILE* stream = popen("printf 'popen ' >&3", "w");
  say("pclose", pclose(stream));
  say("at", lseek(fd, 0, SEEK_CUR));

  int second = open("second", O_CREAT | O_RDWR, 0644);
  write(second, "one ", 4);
  pid_t child = -1;
  char* words[] = {"sh", "-c", "printf 'spawned ' >&4", NULL};
  say("posix_spawn", posix_spawn(&child, "/bin/sh", NULL, NULL, words, environ));
  say("exit", wait_for(child));
  say("at", lseek(second, 0, SEEK_CUR));

  int third = open("third", O_CREAT | O_RDWR, 0644);
  write(third, "one ", 4);
  child = fork();
  if (child == 0) {
    int own = open("own", O_CREAT | O_RDWR, 0644);
    write(own, "before ", 7);
    execlp("sh", "sh", "-c", "printf 'by exec ' >&5; printf 'behind ' >&6", NULL);
    _exit(1);
  }
  say("exec", wait_for(child));
  say("at", lseek(third, 0, SEEK_CUR));
  say("write", write(third, "end", 3));
  closefrom(3);
  fflush(stdout);
  say("cat", system("cat handed-on second third own; echo"));
}

/* Several numbers of one file, and what was set after it was opened. */
static void twins(void) {
  int fd = open("twins", O_CREAT | O_RDWR, 0644);
  int twin = dup(fd), third = fcntl(fd, F_DUPFD_CLOEXEC, 20);
  say("twin", twin);
  say("third", third);
  write(third, "head ", 5);
  fflush(stdout);
  say("by the twin", system("printf 'twin ' >&4"));
  say("the third is closed", system("exec 2>&-; printf x >&20") != 0);
  say("at", lseek(third, 0, SEEK_CUR));
  int other = open("twins", O_WRONLY);
  say("appends from now on", fcntl(other, F_SETFL, O_APPEND));
  int plain = open("twins", O_RDWR);
  say("flags", fcntl(plain, F_GETFL) & (O_APPEND | O_ACCMODE));
  say("append", system("printf 'end' >&5"));
  say("at the beginning", write(plain, "HEAD", 4));
  say("close on exec", fcntl(third, F_GETFD));
  say("not the twin", fcntl(twin, F_GETFD));
  say("replaced", dup2(plain, twin));
  say("twin at", lseek(twin, 0, SEEK_CUR));
  closefrom(3);
  fflush(stdout);
  say("cat", system("cat twins; echo"));
}

/* The sum of the numbers that it got. */
static void* read_records(void* given) {
  int fd = *(int*)given;
  long number = 0, sum = 0;
  while (read(fd, &number, sizeof number) == sizeof number) sum += number;
  return (void*)sum;
}

static long sum_of(const pthread_t* threads) {
  long sum = 0;
  for (int each = 0; each < kReaders; ++each) {
    void* part = NULL;
    pthread_join(threads[each], &part);
    sum += (long)part;
  }
  return sum;
}

/* Threads read on while the process forks: each record comes to one reader, here or there. */
static void forked_while_read(void) {
  int fd = open("records", O_CREAT | O_RDWR, 0644);
  for (long number = 0; number < kRecords; ++number) write(fd, &number, sizeof number);
  lseek(fd, 0, SEEK_SET);
  int ends[2];
  pipe(ends);
  pthread_t threads[kReaders];
  for (int each = 0; each < kReaders; ++each) {
    pthread_create(&threads[each], NULL, read_records, &fd);
  }
  pid_t child = fork();
  if (child == 0) {
    long sum = (long)read_records(&fd);
    _exit(write(ends[1], &sum, sizeof sum) == sizeof sum ? 0 : 1);
  }
  long sum = sum_of(threads), of_child = -1;
  say("child", wait_for(child));
  say("its sum came", read(ends[0], &of_child, sizeof of_child));
  say("all records once", sum + of_child == (long)kRecords * (kRecords - 1) / 2);
  closefrom(3);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (chdir(getenv("D")) != 0) return 2;
  alone();
  handed_on();
  twins();
  for (int round = 0; round < 5; ++round) forked_while_read();
  return 0;
}
