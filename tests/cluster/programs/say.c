#define _GNU_SOURCE
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

void say(const char* what, long result) {
  printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
         result < 0 ? strerrorname_np(errno) : "");
}

int wait_for(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child ? status : -1;
}
