/* SPDX-License-Identifier: MIT */
/*
 * proctor: run test suites in parallel and lose none of their tests.
 *
 * A caller fills `struct proctor_options`, makes a plan (from files, or handed in suite by suite),
 * and runs it; reporters, of which there may be several, get each event. All functions return 0 or a negative errno and,
 * on failure, one sentence in `struct proctor_error`; a test that fails is not an error.
 *
 * Units stand in the names: `_us` is microseconds (CLOCK_MONOTONIC for points in time), `_bytes`
 * bytes. `const char *` is text that ends with NUL; a pointer with a length is bytes as the test
 * wrote them and may hold anything.
 *
 * Threads: a plan may be used by one thread at a time. proctor_run() blocks its caller, which
 * becomes the supervisor; reporters are called by one other thread (the writer), one event at a
 * time, in order.
 */
#ifndef PROCTOR_PROCTOR_H
#define PROCTOR_PROCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROCTOR_VERSION "0.1.0"

/* The most threads (workers) a run may have. */
#define PROCTOR_THREADS_MAX 64

struct proctor_error {
	int code;		/* what the function returned: a negative errno */
	char text[1024];	/* one sentence, without a newline */
};

enum proctor_verdict {
	PROCTOR_PASS,
	PROCTOR_FAIL,
	PROCTOR_CRASH,
	PROCTOR_TIMEOUT,
	PROCTOR_SKIP,
	PROCTOR_ERROR,		/* could not be run */
	PROCTOR_CANCELLED,	/* had started; stopped because the run ended early */
	PROCTOR_NOT_RUN,	/* never started, as the run ended early */
	PROCTOR_NVERDICTS
};

enum proctor_mark {
	PROCTOR_FLAKY = 1 << 0,	/* passed on a retry */
	PROCTOR_LEAKY = 1 << 1,	/* left threads or processes behind */
	PROCTOR_SLOW = 1 << 2,	/* ran longer than slow_after_us */
};

enum proctor_isolation {
	PROCTOR_ISOLATION_BATCH,	/* tests of a suite share a host */
	PROCTOR_ISOLATION_TEST,		/* a fresh process for every test */
	PROCTOR_ISOLATION_FORK,		/* the host opens the suite once and forks for each test */
};

/* Whether a crash ends the run. */
enum proctor_on_crash {
	PROCTOR_ON_CRASH_AUTO,		/* yes where all suites are TML's, else no */
	PROCTOR_ON_CRASH_STOP,
	PROCTOR_ON_CRASH_CONTINUE,
};

enum proctor_loop {
	PROCTOR_LOOP_AUTO,		/* io_uring where it works, else epoll */
	PROCTOR_LOOP_URING,
	PROCTOR_LOOP_EPOLL,
};

/* What happened to one attempt at one test. Pointers are lent until the callback returns. */
struct proctor_result {
	enum proctor_verdict verdict;
	unsigned marks;			/* enum proctor_mark, or'ed */
	bool final;			/* false: another attempt follows */
	unsigned attempt;		/* from 1 */
	unsigned repetition;		/* from 1; of an "(exit)": of how many hosts so far */
	unsigned nrepetitions;		/* NOT_RUN: so many never started; else 1 */
	unsigned worker;		/* slot, from 0 */
	int core;			/* the worker's core; -1: not pinned */
	uint64_t start_us, end_us;	/* both 0: never started */
	uint64_t duration_us;		/* without the time the run itself was stopped */
	uint64_t user_us, sys_us;
	uint64_t max_rss_kb;
	int exit_code;			/* what the test returned or exited with; -1: neither */
	int signal;			/* the signal that ended it; 0: none */
	bool core_dumped;
	const char *message;		/* why it is not a pass; skip reason; NULL: none */
	const char *backtrace;		/* frames, a line each; NULL: none */
	const char *left;		/* what a leaky test left, a line each; NULL: nothing */
	const char *temp_dir;		/* keep_temp: where it left something; NULL: nothing, or it is removed */
	int32_t nleaks;			/* TML's leak counters: what this test did not free */
	int64_t leak_bytes;
	const char *out, *err;		/* captured bytes, what was kept of them */
	size_t nout, nerr;
	/* Where bytes were dropped: `nout` holds a head of out_head bytes, then the tail. */
	uint64_t out_bytes, err_bytes;	/* what the test wrote in all */
	size_t out_head, err_head;	/* equal to nout, nerr when nothing is missing */
};

/* One test, as a reporter sees it. */
struct proctor_test {
	const char *id;			/* SUITE::NAME; an executable's: SUITE */
	const char *suite, *group, *name, *file, *path;	/* group, file: "" if unknown */
	const char *framework;		/* as proctor_plan_set_framework() has it; NULL: not known */
	unsigned index;			/* within its suite, from 0 */
	unsigned ntests;		/* `@test` functions it stands for; 0: unknown */
	uint64_t timeout_us;		/* its own; 0: the run's */
	unsigned line;			/* in `file`; 0: unknown */
	const char *disabled;		/* why it is reported as a skip and not run; NULL: it is run */
};

/* What was found out about a failure in a process that other tests had run in before. */
enum proctor_finding {
	PROCTOR_FAILS_ALONE,		/* in a process of its own it fails, too */
	PROCTOR_FAILS_AFTER,		/* alone it passes, after the tests `after` it fails: each time that it was tried */
	PROCTOR_FAILS_AT_TIMES,		/* after the same tests it failed, and passed */
	PROCTOR_NOT_AGAIN,		/* it passes alone, and after all tests that had run before it, too */
	PROCTOR_PASSES_ALONE,		/* it passes alone; after what it fails was not found out: `text` says why */
	PROCTOR_NFINDINGS
};

/* Of a failure, whose verdict it does not change. Lent until the callback returns. */
struct proctor_confirmation {
	enum proctor_finding finding;
	enum proctor_verdict failed;	/* the verdict of the failure */
	enum proctor_verdict alone;	/* and in a process of its own */
	unsigned attempt, repetition;	/* of the failure */
	size_t nbefore;			/* tests that had run in its process before it */
	const struct proctor_test *const *after;	/* FAILS_AFTER: in the order in which they run; else n 0 */
	size_t nafter;
	bool others;			/* FAILS_AFTER: it also fails after tests that had run before it and are none of these */
	unsigned nruns;			/* processes that were started to find out */
	const char *text;		/* a sentence without its end: "fails only after a::b" */
	const char *command;		/* for a shell: shows it; NULL: there is none */
};

struct proctor_counts {
	size_t by_verdict[PROCTOR_NVERDICTS];
	size_t nflaky, nleaky, nslow;
	size_t total;
};

/* Which coverage is collected. */
enum proctor_coverage_kind {
	PROCTOR_COVERAGE_NONE,
	PROCTOR_COVERAGE_AUTO,		/* each suite's own: its ELF file tells */
	PROCTOR_COVERAGE_LLVM,		/* source-based coverage of clang, rustc and TML */
	PROCTOR_COVERAGE_TML,		/* TML's function coverage */
};

struct proctor_coverage {		/* all zero: none */
	enum proctor_coverage_kind kind;
	const char *dir;		/* where all of it goes; NULL: "coverage" */
	const char *html_path;		/* NULL: index.html in `dir` */
	const char *const *includes;	/* globs on source files; n 0: all */
	size_t nincludes;
	const char *const *excludes;
	size_t nexcludes;
	bool has_minimum;
	double minimum_percent;		/* of lines; less is exit code 1 */
	bool allow_partial;		/* what is missing is told, but is no failure */
	uint64_t tool_timeout_us;	/* for each call of LLVM's tools; 0: 10 min */
};

struct proctor_coverage_numbers {
	uint64_t count, covered;
};

struct proctor_coverage_file {
	const char *path;
	struct proctor_coverage_numbers lines, functions, regions, branches;
};

/* What came of it. Lent until the callback returns. */
struct proctor_coverage_summary {
	const struct proctor_coverage_file *files;	/* sorted by path */
	size_t nfiles;
	struct proctor_coverage_file total;
	size_t ntml_functions;		/* that ran; 0 where TML's coverage was not collected */
	bool has_tml;
	size_t nunmapped;		/* binaries that count and have no coverage map */
	struct proctor_coverage_numbers unmapped_functions;	/* theirs; not in `total` */
	const char *const *problems;	/* a sentence each; any: the coverage is partial */
	size_t nproblems;
	const char *const *notes;
	size_t nnotes;
	const char *json_path, *lcov_path, *html_path;	/* as written; NULL: could not be */
	bool has_minimum, below_minimum;
	double minimum_percent;
};

enum proctor_event_kind {
	PROCTOR_RUN_START,
	PROCTOR_TEST_START,
	PROCTOR_TEST_SLOW,	/* runs longer than slow_after_us, goes on */
	PROCTOR_TEST_END,	/* NOT_RUN: without a start, once for all repetitions not run */
	/* `test`, `confirmation`: what was found out about a failure, after the last test's end. Of each failed test
	 * once at most, and none of those that were not tried again; a note says how many those are. */
	PROCTOR_TEST_CONFIRMED,
	PROCTOR_NOTE,		/* `text`: a fallback, a limit met, something left behind */
	PROCTOR_RUNNING,	/* `text`: what runs, a line each; somebody sent SIGUSR1 to ask */
	PROCTOR_TICK,		/* about ten a second while tests run, for reporters that show time */
	PROCTOR_COVERAGE,	/* once, after the last test's end, where coverage was asked for */
	PROCTOR_RUN_END,
};

/* What was written when a host exited, by a library's atexit() functions and destructors. */
struct proctor_exit_output {
	const char *suite;		/* whose; NULL: of one of several, it is not known which */
	const char *out, *err;		/* as in struct proctor_result */
	size_t nout, nerr;
	size_t out_head, err_head;
	uint64_t out_bytes, err_bytes;
};

struct proctor_event {
	enum proctor_event_kind kind;
	uint64_t time_us;			/* when it happened */
	bool more;				/* another event waits already: flush later */
	const struct proctor_test *test;	/* TEST_*: whose */
	const struct proctor_result *result;	/* TEST_START, _SLOW, _END; before its end only who runs it and when */
	const struct proctor_confirmation *confirmation;	/* TEST_CONFIRMED */
	/* NOTE; RUNNING; RUN_START: why this loop, or NULL; RUN_END: why the run ended early, or NULL */
	const char *text;
	/* NOTE: what a host wrote at its exit, of which `text` is the short form; n 0: none */
	const struct proctor_exit_output *exit_outputs;
	size_t nexit_outputs;
	/* RUN_START, RUN_END */
	size_t ntests;				/* tests times repetitions */
	unsigned nthreads, ncores;
	const char *loop;			/* "io_uring" or "epoll" */
	const char *run_id;
	uint64_t seed;				/* RUN_START: of the shuffle; 0: not shuffled */
	/* RUN_END */
	const struct proctor_counts *counts;
	uint64_t duration_us;
	int exit_code;				/* as proctor_run() gives it */
	const struct proctor_coverage_summary *coverage;	/* COVERAGE */
	uint64_t paused_us;			/* TEST_START, TEST_SLOW, TICK: how long the run had
						 * stood still (Ctrl-Z) by time_us */
};

/*
 * Gets each event, on the writer's thread. What `event` points to is lent until it returns.
 * May block: then no new task is handed out once 8 MiB of events wait, and running tests go on.
 * Returns 0, or a negative errno to have the run stopped (-EPIPE: stopped as by SIGPIPE).
 */
typedef int proctor_callback(const struct proctor_event *event, void *data);

/*
 * One of those that hear of a run. A run may have any number of them: each gets each event, in the order of
 * their list, whatever the others return, and goes on getting events after it returned an error.
 */
struct proctor_reporter {
	proctor_callback *event;
	void *data;
};

/* For times where 0 is the default: no time at all. */
#define PROCTOR_AT_ONCE UINT64_MAX

/* All zero is the default of each field. */
struct proctor_options {
	unsigned nthreads;		/* 0: one per usable core, at least 4; at most 64 */
	uint64_t timeout_us;		/* 0: 20 s */
	uint64_t grace_us;		/* between SIGTERM and SIGKILL; 0: 2 s */
	uint64_t slow_after_us;		/* 0: half the test's timeout */
	/* For what a test has left to end by itself, before it is named and killed; 0: 100 ms;
	 * PROCTOR_AT_ONCE: none. */
	uint64_t leak_us;
	size_t max_output_bytes;	/* kept per test and stream; 0: 1 MiB */
	enum proctor_isolation isolation;
	enum proctor_loop loop;
	enum proctor_on_crash on_crash;
	unsigned max_failures;		/* so many end the run; 0: it goes on */
	bool nocapture;			/* tests inherit stdout and stderr */
	bool pin_tests;			/* tests stay on their worker's core */
	bool backtrace;			/* ask TML's runtime for backtraces of panics */
	bool no_check_leaks;		/* do not read TML's leak counters */
	/* Do not run failures again to find out whether they are the tests' own (PROCTOR_TEST_CONFIRMED). */
	bool no_confirm;
	/* For a shell: what carries out this plan, to which `--sequence=ID` for each of some tests is added, as
	 * in "proctor run ./calc.so". NULL: confirmations have no `command`. */
	const char *command;
	bool no_inject;			/* put no library into programs: no backtraces of their crashes */
	bool keep_temp;			/* what tests leave in their temporary directories stays there */
	bool shuffle;
	uint64_t seed;			/* with shuffle; 0: drawn and told */
	unsigned repeat;		/* 0: once */
	unsigned retries;
	const char *host_path;		/* proctor-host; NULL: found beside the library's caller */
	struct proctor_coverage coverage;
	/*
	 * Also take all signals that would end or stop the process and have no handler, be a
	 * subreaper, reap whatever falls to this process but was not its child before, and put
	 * the terminal back at the end. Refused with -EBUSY when another thread has SIGCHLD
	 * unblocked. Without it nothing process-wide is changed.
	 */
	bool own_process;
};

/* One shard of several, by test id; count 0: all tests. */
struct proctor_selection {
	const char *const *filters;	/* substrings or globs on the id; any of them; n 0: all */
	size_t nfilters;
	const char *const *skips;	/* none of these */
	size_t nskips;
	const char *group;		/* only suites of this group; NULL: all */
	unsigned shard_index, shard_count;	/* index from 1 */
	/* By their ids: these tests in this order, whatever the others say; n 0: not so. A program runs its tests
	 * in an order of its own. With one thread and PROCTOR_ISOLATION_BATCH they share a process, if tests
	 * of theirs may. */
	const char *const *sequence;
	size_t nsequence;
};

/* What a compiler hands in for one suite. Strings are copied. */
struct proctor_suite_desc {
	const char *path;		/* a suite library; must exist when the plan is run */
	const char *name;		/* NULL: from the path */
	const char *group;		/* NULL: none */
};

struct proctor_test_desc {
	unsigned index;			/* calls tml_test_<index>, or tml_test_entry of a single */
	const char *name;		/* NULL: the symbol */
	const char *file;		/* NULL: unknown */
	unsigned ntests;		/* `@test` functions in it; 0: unknown */
	uint64_t duration_us;		/* known from earlier; 0: unknown */
	uint64_t timeout_us;		/* 0: the run's */
	const char *workdir;		/* NULL: the caller's */
	const char *const *env;		/* NAME=VALUE, NULL at the end; NULL: nothing added */
};

struct proctor_plan;

/* An empty plan; NULL: no memory. */
struct proctor_plan *proctor_plan_new(void);
void proctor_plan_free(struct proctor_plan *plan);

/*
 * Adds what `path` names: a suite library, an executable, a manifest, a directory (executables in
 * it only where their name matches `exe_glob`, which may be NULL). What is missing, damaged or no
 * suite at all is added too, as a suite with one test called "(load)", whose verdict will be
 * `error` with the cause: the rest can run. So is a directory that cannot be searched, and what a
 * directory has of broken suite libraries (damaged, for another machine, links that lead nowhere) and
 * of files that match `exe_glob` and cannot be run; other files in a directory are passed over. Links to
 * directories are followed, each directory is searched once. A path that is in the plan already is not
 * added again. What becomes of the files until the run opens them is noticed by the run. Fails with -EINVAL where a manifest is wrong or
 * the path empty, and with -ENOMEM, and leaves the plan as it was then.
 */
int proctor_plan_add_path(struct proctor_plan *plan, const char *path, const char *exe_glob,
			  struct proctor_error *err);

/*
 * Adds the suites that a manifest lists, whatever its file is called; "-": read from standard input to its end.
 * -EINVAL: it is wrong, or cannot be read; -ENOMEM. The plan is then as it was.
 */
int proctor_plan_add_manifest(struct proctor_plan *plan, const char *path, struct proctor_error *err);

/*
 * Says whose tests the files are that are added from here on, whatever they look like: "exe" (a program is one
 * test), "tap", "suite.h", "tml"; NULL: what each file shows of itself, as at first. A file that cannot be that is
 * added as a suite that cannot be run. -EINVAL: there is no such framework, and the sentence says which there are; `plan`
 * NULL asks for no more than that.
 */
int proctor_plan_set_framework(struct proctor_plan *plan, const char *name,
			       struct proctor_error *err);

/*
 * Programs of frameworks are asked for their tests, all at once, when the plan is first looked at after they
 * were added (by proctor_plan_select() and the functions below): each gets so much time; 0: 20 s, as at first.
 */
void proctor_plan_set_list_timeout(struct proctor_plan *plan, uint64_t timeout_us);

/*
 * As soon as there is something to read from `fd` (an eventfd, say), programs that are being asked for their tests are
 * killed, and the function that has them asked fails with -ECANCELED, or finds no tests. -1: nothing cancels that, as at
 * first.
 */
void proctor_plan_set_cancel(struct proctor_plan *plan, int fd);

/*
 * Where the lists of tests that programs gave are kept, so that the next plan with the same programs need not ask them
 * again: in files of this directory, which is made if it is missing; "": in the user's $XDG_CACHE_HOME/proctor/lists, or
 * ~/.cache/proctor/lists; NULL: nowhere, as at first. A program is asked again once its file, a library that it needs,
 * its arguments, directory or environment have changed, and after a day. Where nothing can be kept, or what was kept
 * is damaged, programs are asked as without it. Holds for the programs that are added from here on. -ENOMEM.
 */
int proctor_plan_set_list_cache(struct proctor_plan *plan, const char *dir,
				struct proctor_error *err);

/*
 * The first arguments of the programs that are added from here on, before those that their framework needs;
 * NULL at the end; NULL: none, as at first. Libraries have none. -ENOMEM.
 */
int proctor_plan_set_arguments(struct proctor_plan *plan, const char *const *arguments,
			       struct proctor_error *err);

/*
 * What every process in which tests of this plan run, or are listed, is started with: a program, which is
 * searched in PATH, and its arguments; the test's own program and arguments come behind ("valgrind", "-q").
 * NULL at the end; NULL: nothing, as at first. -ENOENT: there is no such program; -ENOMEM.
 */
int proctor_plan_set_wrap(struct proctor_plan *plan, const char *const *wrap,
			  struct proctor_error *err);

/* Adds a suite without looking into it for tests; on success `*suite` names it for add_test. */
int proctor_plan_add_suite(struct proctor_plan *plan, const struct proctor_suite_desc *desc,
			   size_t *suite, struct proctor_error *err);
int proctor_plan_add_test(struct proctor_plan *plan, size_t suite,
			  const struct proctor_test_desc *desc, struct proctor_error *err);

/*
 * Keeps the selected tests. May be called again to narrow further; what is added later is not
 * narrowed. A test "(load)" passes every filter (nobody knows the names it stands for), not
 * every skip and shard.
 */
int proctor_plan_select(struct proctor_plan *plan, const struct proctor_selection *selection,
			struct proctor_error *err);

size_t proctor_plan_ntests(const struct proctor_plan *plan);
/*
 * The test at `i` in plan order; lent by the plan until something is added. Its id is unique in the
 * plan: suites of the same name are called by the directories that tell them apart (`a/foo`).
 */
const struct proctor_test *proctor_plan_test(const struct proctor_plan *plan, size_t i);
/*
 * Why the suite of that test cannot be run, in one sentence, the same pointer for all its tests; NULL: it
 * can, as far as is known. Of suites that were added without looking into them the run finds out.
 */
const char *proctor_plan_broken(const struct proctor_plan *plan, size_t i);

/*
 * Runs the plan. Returns 0 when the run was carried out, whatever the tests did, and fills
 * `counts` and `*exit_code` (0; 1: a test failed; 2: no suite could be used; 4: nothing to run; or
 * 128+N; both may be NULL); a negative errno when proctor
 * itself could not go on (exit code 3), after RUN_END where RUN_START was sent. `callback` gets each
 * event, with `data`; NULL: nobody does.
 */
int proctor_run(struct proctor_plan *plan, const struct proctor_options *options,
		proctor_callback *callback, void *data, struct proctor_counts *counts,
		int *exit_code, struct proctor_error *err);
/* The same for a list of reporters, which is lent until it returns and may be empty. */
int proctor_run_reporters(struct proctor_plan *plan, const struct proctor_options *options,
			  const struct proctor_reporter *reporters, size_t nreporters,
			  struct proctor_counts *counts, int *exit_code,
			  struct proctor_error *err);

/*
 * Makes the coverage reports again from what a run left in coverage->dir, with other globs, minimum
 * or HTML path; `kind` is not looked at. Calls `callback` once, on this thread, with the event
 * PROCTOR_COVERAGE. `*exit_code` becomes 0, 1 (below the minimum) or 3 (partial, or not all
 * reports could be made: then a negative errno is returned too).
 */
int proctor_coverage_report(const struct proctor_coverage *coverage, proctor_callback *callback,
			    void *data, int *exit_code, struct proctor_error *err);

/* Words for a verdict: "pass", "fail", "crash", "timeout", "skip", "error", "cancelled", "not-run". */
const char *proctor_verdict_name(enum proctor_verdict verdict);

#ifdef __cplusplus
}
#endif

#endif
