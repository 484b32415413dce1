/* SPDX-License-Identifier: MIT */
/*
 * What proctor-host and the run share: the progress page, the markers in the output, the words of
 * the command line.
 *
 * The page is a memfd mapped by both. It is written by a process that runs hostile code, so the
 * run checks each field when it reads it (hosts/page_map.h) and copies what it keeps. Whoever writes a
 * field stands beside it; a field is published by the release store of the state or counter named
 * with it.
 *
 * One hand-out: the worker fills `task`, increments `go` and wakes it; the host copies all of it (a
 * test may write over the page, but not into what was read before it ran) and runs the tests in
 * order, one record each, then increments `done` and wakes it. A host that must be replaced stops
 * after the test concerned with `retire` set.
 */
#ifndef WIRE_PAGE_H
#define WIRE_PAGE_H

#include "base/file_stamp.h"
#include "wire/crash_page.h"

#include <stdatomic.h>
#include <stdint.h>

#define PAGE_MAGIC 0x70726f63746f7231ull	/* "proctor1" */

#define TASK_TESTS_MAX 10
#define PAGE_STRINGS_BYTES (64 * 1024)		/* worker's: names and paths of one task */
#define PAGE_TEXTS_BYTES (256 * 1024)		/* host's: messages of one task */

/*
 * Set in `done` by the supervisor once the host is dead and its output drained. The worker does
 * not believe it (a test can write here) but looks at its own flag; this only ends the futex wait.
 */
#define PAGE_DEAD 0x80000000u

/*
 * The descriptors a host starts with, beside 0 (/dev/null), 1 and 2. The host moves it away
 * to a high number (closing this one) before it opens a suite. After the page is mapped it is closed.
 * Where coverage is collected AREA_FD (wire/counter_area.h) comes with it.
 */
#define HOST_PAGE_FD 3

/*
 * Marker: MARKER_KEY_BYTES random bytes drawn for this host, then the serial number of the test's
 * end in this host as four bytes, least first; one write(2), so it is never torn. Serials count
 * from 1 over the life of the host; MARKER_LAST is written to both pipes before a normal exit: what
 * follows belongs to the host and to no test. Behind it come, where several suites are open, markers
 * MARKER_EXIT + N: what is before this one was written by functions that suite number N of this
 * host, as the worker counts them, had run at exit.
 */
#define MARKER_KEY_BYTES 16
#define MARKER_BYTES (MARKER_KEY_BYTES + 4)
#define MARKER_LAST 0xffffffffu
#define MARKER_EXIT 0xfffff000u
#define MARKER_EXITS_MAX 0xfffu

enum page_command {			/* worker to host, with `go` */
	PAGE_TASK = 1,			/* run `task` */
	PAGE_END,			/* write the last marker and exit(0) */
};

enum page_phase {			/* what the host is doing: whose deadline counts */
	PAGE_STARTING,			/* until the first `go` was seen */
	PAGE_IDLE,			/* waits for `go` */
	PAGE_OPENING,			/* in dlopen of the task's suite */
	PAGE_RUNNING,			/* in the test `current`, or in the checks after it */
	PAGE_ENDING,			/* in exit */
};

enum page_call {			/* how a test is called */
	PAGE_CALL_TML,			/* int32_t symbol(void), under tml_run_test_with_catch if there */
	PAGE_CALL_SUITE_H,		/* the struct proctor_entry named by symbol */
	PAGE_CALL_MISSING,		/* not at all: the library has it not, and symbol says so */
};

enum page_task_flag {
	PAGE_FORK = 1 << 0,		/* a forked child for each test */
	PAGE_BACKTRACE = 1 << 1,	/* tml_enable_backtrace_on_panic */
	PAGE_LEAKS = 1 << 2,		/* read tml_mem_get_leak_* around each test */
	PAGE_NOCAPTURE = 1 << 3,	/* write no markers */
	PAGE_SANITIZED = 1 << 4,	/* leave the crash signals to the sanitizer's runtime */
	PAGE_CLOSES = 1 << 5,		/* close the suite before the next one is opened */
};

struct page_test {			/* worker's; strings are offsets into `strings` */
	uint32_t call;			/* enum page_call */
	uint32_t symbol, name, file;	/* file: "" if unknown */
	uint32_t serial;		/* of the marker that ends it */
};

struct page_task {			/* worker's, published by `go`; compared as a whole: no padding */
	struct file_stamp file;		/* the library, as the plan read it */
	uint64_t nstrings;		/* bytes of `strings` in use */
	uint32_t command;		/* enum page_command */
	uint32_t flags;			/* enum page_task_flag */
	uint32_t path, suite;		/* the library, and the suite's name */
	uint32_t suite_number;		/* among those of this host, from 0 */
	uint32_t ntests;
	struct page_test tests[TASK_TESTS_MAX];
};

enum record_state {
	RECORD_NONE,			/* not started */
	RECORD_STARTED,			/* start_us is valid */
	RECORD_ENDED,			/* all of it is valid */
};

enum record_outcome {
	OUTCOME_RETURNED,		/* `value` is what the test returned; suite.h: 0 */
	OUTCOME_FAILED,			/* suite.h: an assertion failed, or it was expected to fail */
	OUTCOME_SKIPPED,		/* suite.h: `message` is the reason */
	OUTCOME_CAUGHT,			/* TML's wrapper caught a signal (-2): `crash` may have more */
	OUTCOME_PANICKED,		/* TML's wrapper caught a panic (-1) */
	OUTCOME_NO_SYMBOL,		/* the test's symbol is missing */
	OUTCOME_DIED,			/* fork: `value` is the wait status of the child */
	OUTCOME_NOUTCOMES
};

enum record_flag {
	RECORD_LEAKY_THREAD = 1 << 0,	/* `left` names them */
	RECORD_LEAKY_PROCESS = 1 << 1,
	RECORD_CHANGED = 1 << 2,	/* something could not be put back: `left` names it */
	RECORD_OVERWROTE = 1 << 3,	/* the test wrote over the page; the host mended it */
};

struct page_text {			/* host's; in `texts`; nbytes 0: none; no NUL at the end */
	uint32_t offset, nbytes;
};

struct page_record {			/* host's, published by `state` */
	_Atomic uint32_t state;		/* enum record_state */
	uint32_t outcome;		/* enum record_outcome */
	uint32_t flags;			/* enum record_flag */
	int32_t value;
	uint64_t start_us, end_us;
	uint64_t user_us, sys_us;
	uint64_t max_rss_kb;
	int32_t nleaks;
	int64_t leak_bytes;
	struct page_text message;	/* panic message, assertion, skip reason */
	struct page_text backtrace;	/* of TML's runtime */
	struct page_text left;		/* a line for each thing left behind */
};

enum page_retire {
	RETIRE_NO,
	RETIRE_LEAKY,			/* a thread or process was left */
	RETIRE_CAUGHT,			/* memory cannot be trusted */
	RETIRE_CHANGED,			/* something could not be put back */
	RETIRE_MARKERS,			/* markers cannot be written any more */
	RETIRE_OVERWROTE,		/* a test wrote over the page: over the rest of memory, too? */
	RETIRE_OPEN_FAILED,		/* the suite did not open: `open_message` */
	RETIRE_NRETIRES
};

struct page {
	uint64_t magic;			/* worker's, constant */
	/* Worker's; the host takes it out before it opens a suite: who knows it can write markers. */
	uint8_t marker_key[MARKER_KEY_BYTES];
	uint64_t leak_us;		/* worker's, constant: what a test left may end by itself */

	_Atomic uint32_t go;		/* worker counts hand-outs; futex */
	struct page_task task;
	char strings[PAGE_STRINGS_BYTES];

	_Atomic uint32_t done;		/* host counts finished hand-outs; futex; see PAGE_DEAD */
	_Atomic uint32_t phase;		/* enum page_phase, host's */
	_Atomic uint64_t phase_us;	/* since when, host's */
	_Atomic uint32_t current;	/* index within the task, host's */
	_Atomic uint32_t retire;	/* enum page_retire, host's, before `done` */
	/* Host's, in PAGE_ENDING: 1 + the number of the suite whose functions run; 0: not known. */
	_Atomic uint32_t exit_suite;
	struct page_text open_message;	/* dlerror() */
	struct page_record records[TASK_TESTS_MAX];	/* state is reset by the worker before `go` */
	_Atomic uint32_t ntexts;	/* bytes of `texts` in use; reset by the worker before `go` */
	char texts[PAGE_TEXTS_BYTES];
	struct crash_page death;
};

/*
 * The guard is `proctor-host guard FD RUN_ID [TMPDIR]` with FD the read end of a pipe whose write end only
 * proctor holds, and GUARD_PAGE_FD a memfd of GUARD_GROUPS_MAX pids (int32_t, 0: empty): the
 * process groups alive. At the pipe's end it kills if no GUARD_BYE byte came before, and
 * then removes what is called TEMP_PREFIX, eight digits of RUN_ID, "-" and more in the directory TMPDIR.
 */
#define GUARD_PAGE_FD 4
#define GUARD_GROUPS_MAX 256
#define GUARD_BYE 'B'
#define TEMP_PREFIX "proctor-"

#endif
