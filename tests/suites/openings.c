/* SPDX-License-Identifier: MIT */
/*
 * Libraries that misbehave when they are opened or when their process ends. One of OPEN_CRASHES,
 * OPEN_FORKS, OPEN_HANGS, OPEN_EXITS, END_CRASHES, END_HANGS, END_PRINTS, EXIT_PRINTS_1 to _3,
 * EXIT_ABORTS, EXIT_STATUS, EXIT_HANGS, EXIT_YIELDS is defined.
 */
#include "way.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(EXIT_PRINTS_1)
#define EXIT_PRINTS "exit_prints_1"
#elif defined(EXIT_PRINTS_2)
#define EXIT_PRINTS "exit_prints_2"
#elif defined(EXIT_PRINTS_3)
#define EXIT_PRINTS "exit_prints_3"
#endif

#if defined(OPEN_CRASHES)
static __attribute__((constructor)) void opens(void)
{
	printf("constructor crashes\n");
	abort();
}
#elif defined(OPEN_FORKS)
static __attribute__((constructor)) void opens(void)
{
	if (fork() == 0)
		wait_for_ever();
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
#elif defined(EXIT_PRINTS)
static void report(void)
{
	fprintf(stderr, "\nreport of " EXIT_PRINTS ":\n  of several lines\n");
}

static void last_words(void)
{
	/* No line: it must be written before others write. */
	printf("last words of " EXIT_PRINTS);
}

static __attribute__((constructor)) void opens(void)
{
	atexit(report);
}
#elif defined(EXIT_ABORTS)
static __attribute__((constructor)) void opens(void)
{
	atexit(abort);
}
#elif defined(EXIT_STATUS)
static void leaves(void)
{
	_exit(3);
}

static __attribute__((constructor)) void opens(void)
{
	atexit(leaves);
}
#elif defined(EXIT_HANGS)
static __attribute__((constructor)) void opens(void)
{
	atexit(wait_for_ever);
}
#elif defined(EXIT_YIELDS)
static volatile sig_atomic_t asked;

static void on_term(int sig)
{
	(void)sig;
	asked = 1;
}

/* Until it is asked to end; then it gets through. */
static void hangs(void)
{
	signal(SIGTERM, on_term);
	while (!asked)
		poll(NULL, 0, 10);
}

static __attribute__((constructor)) void opens(void)
{
	atexit(hangs);
}
#endif

NEIGHBOUR(0)
#ifndef EXIT_PRINTS
NEIGHBOUR(1)
#else
/* Registers another one while it runs, and has a child that exits as a whole program does. */
WAY(1, registers)
{
	pid_t child = fork();

	if (child == 0)
		exit(0);
	atexit(last_words);
	return waitpid(child, NULL, 0) != child;
}
#endif
