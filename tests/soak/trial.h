/* SPDX-License-Identifier: MIT */
/*
 * One run of proctor that something is done to, and what has to hold of it whatever that was. Other
 * than the harness of the integration tests it fails nothing: drivers count what did not hold.
 *
 * Environment: PROCTOR, PROCTOR_SUITES, PROCTOR_LOOP as for the integration tests, and those of
 * common/draw.h; PROCTOR_SOAK_KEEP leaves the files of what did not hold.
 */
#ifndef TESTS_SOAK_TRIAL_H
#define TESTS_SOAK_TRIAL_H

#include "../common/draw.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>

#include <sys/types.h>

/* A list of words that ends with NULL. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

struct trial_setup {
	const char *word;		/* NULL: "run", with the trial's own options */
	const char *const *args;	/* after these */
	const char *const *env;		/* NAME=VALUE, added */
	void (*before_exec)(void *data);	/* in the child that becomes proctor */
	void *data;
};

struct trial {
	char dir[64];			/* the run's TMPDIR; its events are in DIR.events */
	char mark[64];			/* in the environment of all that it starts */
	pid_t pid;			/* 0: reaped */
	int pid_fd;
	int status;			/* as of waitpid() */
	char *out, *err;		/* NUL-terminated, after the end */
	bool keep;			/* its files stay */
};

/* What an undisturbed run comes to. */
struct truth {
	json_t *ends;			/* by id: the last test-end */
	int exit_code;
	size_t ntests;
};

void trial_start(struct trial *t, const struct trial_setup *setup);
/* Waits for the end; false: it took longer, and was killed. */
bool trial_wait(struct trial *t, unsigned within_ms);
/* How many processes that carry the mark are left after at most `within_ms`; names them. */
unsigned trial_left(struct trial *t, unsigned within_ms, char *names, size_t nnames);
/* Kills what is left, removes all files. */
void trial_end(struct trial *t);

/* Runs it undisturbed; fails the test where that does not go well. */
void truth_find(struct truth *truth, const struct trial_setup *setup);
void truth_fini(struct truth *truth);

/* Whether nothing was lost: how it ended, its events, its verdicts, what is left. `problem` says what
 * was, "" is nothing. */
void trial_judge(struct trial *t, bool in_time, const struct truth *truth, char *problem,
		 size_t nproblem);

/* Counts trials and what did not hold. The first few problems are printed. */
struct tally {
	const char *what;
	unsigned ntrials, nbroken;
	unsigned by_exit[256];		/* exit codes seen */
};

void tally_add(struct tally *tally, struct trial *t, const char *title, const char *problem);
/* Prints the counts; fails the test if anything was broken. */
void tally_end(const struct tally *tally);

/* From PROCTOR_SUITES; lives until the program's end. */
const char *suite_path(const char *name);
void pause_ms(unsigned ms);

#endif
