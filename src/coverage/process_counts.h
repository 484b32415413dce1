/* SPDX-License-Identifier: MIT */
/*
 * What one process in which tests run is to leave of its counters, and has left. It copies them into its
 * counter area at its end (wire/counter_area.h), or they are read from outside before it is killed; both
 * are added to the sums of the objects when it is dead. A program that has no area, as no library can be
 * preloaded into it, writes a profile at its exit, which the collector reads.
 *
 * A process is its worker's from its making to process_counts_end(); in between only the supervisor's
 * thread may call process_counts_read(). After the workers have ended it is the collector's.
 */
#ifndef COVERAGE_PROCESS_COUNTS_H
#define COVERAGE_PROCESS_COUNTS_H

#include "coverage/area.h"
#include "coverage/remote.h"
#include "coverage/tml_functions.h"

struct process_suite {
	const struct suite *suite;
	size_t ntests;			/* handed to it */
	const char *names[3];		/* of the first ones */
};

struct process_counts {
	struct process_counts *next;	/* in the list of those that have ended */
	uint64_t number;		/* of the process in the run, from 1; no process id */
	const struct suite *program;	/* an executable; NULL: a host of libraries */
	VECTOR(struct process_suite) suites;
	/* What it finds in its environment; NULL: nothing. */
	char *profile;			/* LLVM_PROFILE_FILE */
	char *functions_file;		/* TML_COVERAGE_FILE */
	const char *library;		/* first in LD_PRELOAD */
	/* While it lives. */
	struct counter_area area;
	struct remote remote;
	/* After process_counts_end(). */
	int status;			/* as wait(2) gives it */
	bool own;			/* it has saved its counters itself, and they count */
	bool *loaded;			/* by object; NULL: not known */
	bool *counted;			/* by object: its counts are in the sums */
	/* It ended while it loaded something: constructors of that may have counted, and neither has
	 * the process told where the counters are, nor was it read from outside. */
	bool opening;
	unsigned nforked_lost;		/* children that ended without saving their counts */
	unsigned nprofiles_lost;	/* of libraries that tests opened, of children */
	/* TML's functions: the process ended before it saved some; so many of its children did; there
	 * was no room for some in the area. */
	bool functions_missing;
	unsigned nforked_functions_missing;
	bool functions_lost;
	/* Libraries that it opened, and of which LLVM's runtime has written no profile; and those that its
	 * children opened. */
	struct texts opened, opened_by_children;
	const char *problem;		/* why what it saved is not used; NULL: it is */
	/* The collector's: LLVM's runtime has written a profile that only LLVM's tool can read; a program has
	 * written its functions; what is wrong with the profile that it has written, NULL: nothing. */
	bool profiled, wrote_functions;
	char *damage;
};

/* What a run collects. */
struct collected {
	struct objects *objects;
	bool llvm, functions;		/* LLVM's counters; TML's functions */
	const char *prefix;		/* of the paths of what processes write, absolute */
	const char *preload;		/* proctor-preload.so; NULL: nothing is to be preloaded */
};

/* What a program writes itself, behind `prefix`, its number and `-`. */
#define PROGRAM_PROFILE "program" AREA_PROFILE
#define PROGRAM_FUNCTIONS "functions"

/* Makes one: of a program, or of a host (NULL). */
int process_counts_new(struct process_counts **p, const struct collected *what, uint64_t number,
		       const struct suite *program, struct proctor_error *err);
void process_counts_free(struct process_counts *p);

/* A test is handed to it. -ENOMEM. */
int process_counts_note_test(struct process_counts *p, const struct suite *suite, const char *name);

/* It is about to be killed, as process `pid`: its counters are read from outside. */
void process_counts_read(struct process_counts *p, pid_t pid);
/* It is dead. Adds what it left to the sums of the objects, and to TML's functions: one thread at a time. */
void process_counts_end(struct process_counts *p, int status, struct functions *functions);
/* Adds what was read from outside of the process itself, where it has left nothing else. */
void process_counts_add_remote(struct process_counts *p);

#endif
