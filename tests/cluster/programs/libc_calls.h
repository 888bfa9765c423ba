#pragma once

/* Prints a result, and the name of errno if it is negative. */
void say(const char* what, long result);

void streams(void);
void directories(void);
/* In the directory that directories() has made. */
void names(void);
void processes(void);
