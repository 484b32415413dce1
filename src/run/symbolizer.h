/* SPDX-License-Identifier: MIT */
/*
 * The run's end of proctor-symbolizer, the process that turns crash records into frames. One is
 * started at the first crash, another where all are busy; each keeps the files that it has read for
 * the crashes to come. If one dies or hangs, that costs the backtrace it was at: a new one is
 * started for the next. Any thread that has all signals blocked; several at once.
 */
#ifndef RUN_SYMBOLIZER_H
#define RUN_SYMBOLIZER_H

#include "base/spawn.h"
#include "run/guard_client.h"
#include "wire/crash_record.h"

#include <pthread.h>
#include <stdbool.h>

#define SYMBOLIZERS_MAX 4

struct symbolizer {
	pid_t pid;		/* 0: there is none */
	int pidfd;
	int fd;			/* the socket to it */
	bool busy;
};

struct symbolizers {
	/* Set by the caller, constant from the first crash on. */
	char *path;
	char *const *envp;
	const struct inherited *inherited;
	struct guard *const *guard;		/* NULL: none */
	/* True once the run is to stop: then a backtrace gets one second more, the wait for a
	 * symbolizer that is free included. NULL: it is never to stop. */
	const _Atomic bool *stopping;
	unsigned max;				/* at a time, 1 to SYMBOLIZERS_MAX */
	uint64_t timeout_us;			/* for one crash */
	/* Under lock. */
	pthread_mutex_t lock;
	pthread_cond_t idle;
	struct symbolizer all[SYMBOLIZERS_MAX];
	_Atomic unsigned nfiles;		/* that were read, for all crashes */
};

/* Fills in what the caller has left out. Starts nothing. */
void symbolizers_init(struct symbolizers *s);
/* Ends the processes. Nobody may be in crash_symbolize(). */
void symbolizers_fini(struct symbolizers *s);

/*
 * Unwinds the copied registers and stack with the recorded modules, innermost frame first, and
 * gives `*text` (heap) a line for each of PAGE_FRAMES_MAX frames at most:
 *
 *   #0 0x00007f5e0a2c1139 in parse_number (tests/suites/crash.c:41) libcrash.so+0x1139
 *
 * The address after the plus is what addr2line takes; a caller's line is that of its call. Inlined
 * functions have lines of their own, marked "(inlined)". A module that is no longer the file that
 * ran is marked "(file changed since)" and not looked into. Debug information comes from the
 * modules and, by build id, from /usr/lib/debug; never from a network. The record may hold
 * anything. -ENODATA: no registers of this machine; -ETIMEDOUT, -EIO, -EBADMSG: the symbolizer's.
 */
int crash_symbolize(struct symbolizers *s, const struct crash *crash,
		    const struct module_list *list, char **text, struct proctor_error *err);

#endif
