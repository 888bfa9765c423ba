#pragma once

#include <sys/types.h>

/* Prints a result, and the name of errno if it is negative. */
void say(const char* what, long result);

/* The status of a child that has ended; -1: there is none. */
int wait_for(pid_t child);
