/* SPDX-License-Identifier: MIT */
/*
 * Runs the real proctor and looks at all it leaves: exit status, output, events, processes, files.
 *
 * Environment: PROCTOR (the program; build/proctor), PROCTOR_SUITES (the fixtures; tests/suites
 * beside the program), PROCTOR_LOOP (adds --loop to each run).
 *
 * Each run has a directory of its own, which is its TMPDIR too, and carries a mark in its
 * environment, by which everything it started is found. What fails, fails the cmocka test; the
 * teardown then ends whatever the run left.
 */
#ifndef TESTS_INTEGRATION_HARNESS_H
#define TESTS_INTEGRATION_HARNESS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>

#include <sys/types.h>

/* A row of a table names what matters in it; the rest is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* A list of words that ends with NULL. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A cmocka test with the harness's teardown. */
#define harness_test(function) cmocka_unit_test_teardown(function, harness_teardown)
/* The same for one row of a table. */
#define harness_row_test(title, function, row) \
	{ (title), (function), NULL, harness_teardown, (void *)(row) }

/* How to run it; all zero but `args` is a plain `proctor run` with its output read. */
struct run_setup {
	const char *const *args;	/* after `proctor run` and the harness's own options */
	const char *const *prefix;	/* a command that runs the command after it */
	const char *const *env;		/* NAME=VALUE, added */
	const char *command;		/* NULL: "run"; "" for none */
	const char *cwd;
	bool no_events;			/* no --events=FILE of the harness */
	bool no_loop;			/* no --loop */
	bool cut_short;			/* killed or failed: the events may end anywhere */
	bool hold_stdout;		/* nothing is read until run_release_stdout() */
	bool close_stdout;		/* its reader goes away at once */
	bool no_last_line;		/* the report is not proctor's own */
	unsigned deadline_s;		/* for all of it; 0: 60 */
};

struct run {
	char dir[64];
	char mark[64];
	char *out, *err;		/* NUL-terminated */
	size_t nout, nerr;
	int exit_code;			/* 128+N for a signal */
	uint64_t duration_us;
	json_t *events;			/* array */
	json_t *ends;			/* of these, the last test-end of each id */
	/* The harness's own. */
	struct run_setup setup;
	struct run *next;
	pid_t pid;			/* 0: reaped */
	int out_fd, err_fd, pid_fd, events_fd, watch_fd;
	char *pending;			/* of the last line of the events file */
	size_t npending;
	uint64_t start_us, deadline_us;
};

/* Starts a run. */
struct run *run_start(const struct run_setup *setup);
/* Waits for its end and checks it, unless cut_short. */
void run_finish(struct run *run);
/* Nothing is left; events, counts and the last line agree. */
void run_check(const struct run *run);
/* Both; the usual way. */
struct run *run_proctor(const struct run_setup *setup);
/* Waits until an event of that kind, of that test (NULL: any), was written. */
const json_t *run_await(struct run *run, const char *kind, const char *id);
/* Waits until `n` events of that kind were written. */
void run_await_count(struct run *run, const char *kind, size_t n);
/* Waits until a process called `comm` that carries the run's mark has a handler for the signal. */
void run_await_handler(struct run *run, const char *comm, int sig);
/* Waits until exactly `n` processes called `comm` (NULL: any) carry the run's mark. */
void run_await_processes(struct run *run, const char *comm, unsigned n);
/* Sends a signal to every process called `comm` that carries the run's mark; there must be one. */
void run_signal_processes(struct run *run, const char *comm, int sig);
/* Reads stdout from here on. */
void run_release_stdout(struct run *run);
/* A proctor that was killed leaves its guard, which looks around for a while and ends. */
void run_await_guard(const struct run *run);
/* Before its end, too. */
void run_free(struct run *run);

/* The last end event of a test. Fails the test where there is none. */
const json_t *run_end(const struct run *run, const char *id);
/* The same by suite and name. */
const json_t *run_end_of(const struct run *run, const char *suite, const char *name);
/* The first event of a kind; fails where there is none. */
const json_t *run_event(const struct run *run, const char *kind);
size_t run_count(const struct run *run, const char *kind);
/* Checks a test's verdict; what is shown on failure has its message and output. */
void run_check_verdict(const struct run *run, const char *id, const char *verdict);

/* "" where there is none. */
const char *event_text(const json_t *event, const char *field);
/* Fails where it is missing. */
json_int_t event_number(const json_t *event, const char *field);
bool event_flag(const json_t *event, const char *field);

/* A fixture's path; lives until the program's end. */
const char *suite_path(const char *name);
const char *proctor_path(void);
/* Every program found in PATH, else the test is skipped. */
void need_program(const char *name);

/*
 * For promises about time: `body` checks all else and returns whether it was in time. A machine may stand
 * still for seconds, and the test be late by no fault of proctor's: then it is tried again, and again.
 */
void test_in_time(bool (*body)(void));

int harness_teardown(void **state);

#endif
