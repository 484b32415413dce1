/* SPDX-License-Identifier: MIT */
/*
 * Libraries that misbehave when they are opened or when their process ends. One of OPEN_CRASHES,
 * OPEN_HANGS, OPEN_EXITS, END_CRASHES, END_HANGS, END_PRINTS is defined.
 */
#include "way.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(OPEN_CRASHES)
static __attribute__((constructor)) void opens(void)
{
	printf("constructor crashes\n");
	abort();
}
#elif defined(OPEN_HANGS)
static __attribute__((constructor)) void opens(void)
{
	fprintf(stderr, "constructor hangs\n");
	wait_for_ever();
}
#elif defined(OPEN_EXITS)
static __attribute__((constructor)) void opens(void)
{
	exit(0);
}
#elif defined(END_CRASHES)
static __attribute__((destructor)) void ends(void)
{
	abort();
}
#elif defined(END_HANGS)
static __attribute__((destructor)) void ends(void)
{
	wait_for_ever();
}
#elif defined(END_PRINTS)
static __attribute__((destructor)) void ends(void)
{
	printf("printed at the end\n");
}
#endif

NEIGHBOUR(0)
NEIGHBOUR(1)
