#pragma once

#include "say.h"

void streams(void);
void directories(void);
/* In the directory that directories() has made. */
void names(void);
void processes(void);
