/* SPDX-License-Identifier: MIT */
/*
 * What one process in which tests run leaves of its counters: the profiles that LLVM's runtime
 * writes at its exit, and, where it did not come to that, images of the counters: copied by the
 * process itself into the counter area (wire/counter_area.h), or read from outside before it was killed.
 *
 * A process is its worker's from its making to process_end(); in between only the supervisor's
 * thread may call outside_read() (outside.h). After the workers have ended it is the collector's.
 */
#ifndef COVERAGE_PROCESS_H
#define COVERAGE_PROCESS_H

#include "coverage/objects.h"
#include "wire/counter_area.h"

struct process_suite {
	const struct suite *suite;
	size_t ntests;			/* handed to it */
	const char *names[3];		/* of the first ones */
	char *damage;			/* the collector's: why its profile is not used */
};

/* An image: the counters of an object, MC/DC bitmaps behind them. */
enum image_of {
	IMAGE_OWN,			/* of the process, complete: it counted nothing after it */
	IMAGE_OUTSIDE,			/* of the process, read before it was killed */
	IMAGE_FORKED,			/* the sum over children, complete */
};

struct image_head {			/* in the image file, before the image */
	uint64_t object;		/* index */
	uint64_t of;			/* enum image_of */
	uint64_t nbytes;
};

struct outside;

struct process {
	struct process *next;		/* the collector's list */
	uint64_t number;		/* of the host, from 1; no process id */
	const struct objects *objects;
	char *prefix;			/* of the names of its profiles, absolute */
	const struct suite *program;	/* an executable; NULL: a host of libraries */
	struct process_suite *suites;
	size_t nsuites, cap_suites;
	/* While it lives. */
	struct area *area;		/* NULL: it has none */
	int area_fd;			/* for the process to inherit */
	/* Of the area; what it says of itself may be overwritten. */
	uint64_t narea_bytes;
	uint64_t *offsets;		/* of the objects' images */
	uint64_t functions_at;		/* 0: not wanted */
	struct outside *outside;
	bool unstarted;			/* a program that had executed nothing when last looked at */
	/* After process_end(). */
	int status;			/* as wait(2) gives it */
	bool *loaded;			/* by object; NULL: not known */
	bool own;			/* its own images are in the image file and count */
	bool images;			/* there is an image file */
	unsigned nforked_lost;		/* children that ended without leaving their counts */
	unsigned nothers_lost;		/* profiles of libraries that tests opened, of children */
	/* TML's functions: what is missing of it, of so many children, and as it could not be entered. */
	bool functions_missing;
	unsigned nforked_functions_missing;
	bool functions_lost;
	bool opening;			/* constructors ran, of what it had not said yet that it loads;
					 * and it was not read from outside */
	char *others;			/* others.h: loaded at its end, and left without profiles */
	char *others_of_children;
	char *problem;			/* why something could not be kept; NULL: nothing went wrong */
};

/*
 * Makes one. `prefix` begins the names of all its profiles; `functions`: TML's are collected.
 * `with_area`: of a host, or of a program that proctor-preload.so can be loaded into.
 */
int process_new(struct process **process, const struct objects *objects, const char *prefix,
		uint64_t number, const struct suite *program, bool with_area, bool functions,
		struct proctor_error *err);
void process_free(struct process *p);

/* A test is handed to it. -ENOMEM. */
int process_note_test(struct process *p, const struct suite *suite, const char *name);

/* LLVM_PROFILE_FILE for the code of a suite (a program: for itself), and for all else. Allocated;
 * NULL: no memory. */
char *process_profile_path(const struct process *p, const struct suite *suite);
char *process_others_path(const struct process *p);
char *process_functions_path(const struct process *p);
char *process_images_path(const struct process *p);

/* It is dead. Writes its images, if it needs any, and gives the area back. */
void process_end(struct process *p, int status);

#endif
