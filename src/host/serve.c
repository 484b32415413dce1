/* SPDX-License-Identifier: MIT */
#include "host/serve.h"

#include "base/clock.h"
#include "base/container.h"
#include "host/checks.h"
#include "host/exit_marks.h"
#include "host/fork.h"
#include "host/marker.h"
#include "host/modules.h"
#include "host/page_texts.h"
#include "host/standard_files.h"
#include "host/suite_h_test.h"
#include "host/suite_open.h"
#include "host/test_dir.h"
#include "inject/counters.h"
#include "inject/crash_handler.h"
#include "inject/tml_tables.h"
#include "wire/page.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct usage {
	uint64_t user_us, sys_us;
};

struct task_server {
	struct page *page;
	pid_t pid;		/* this process; in a child forked for a test, the child */
	struct stdio io;
	struct page_texts texts;
	struct modules modules;
	struct checks checks;
	struct suites suites;
	struct test_dirs test_dirs;
	struct usage usage;	/* of this process and its children, at the end of the last test */
	/* What the page should hold: copies, where a test that writes over the page does not
	 * get. */
	struct page_task task;
	char strings[PAGE_STRINGS_BYTES];
	struct page_record records[TASK_TESTS_MAX];
	uint8_t marker_key[MARKER_KEY_BYTES];
	uint32_t go;		/* the page's `go` as it was last seen: which task this is */
	enum page_retire retire;
};

/* What one test is called with. */
struct call {
	struct task_server *host;
	const struct page_test *test;
	struct page_record *rec;
	struct opened *suite;
	void *symbol;
	struct text_lines *left;
};

/* Copies the task out of the page before any of it is used. */
static void task_copy(struct task_server *h)
{
	/* memcpy, not an assignment: page_intact() will compare the bytes between the fields,
	 * too. */
	memcpy(&h->task, &h->page->task, sizeof(h->task));
	if (h->task.nstrings > PAGE_STRINGS_BYTES)
		h->task.nstrings = PAGE_STRINGS_BYTES;
	memcpy(h->strings, h->page->strings, h->task.nstrings);
}

static const char *task_string(const struct task_server *h, uint32_t offset)
{
	return offset < h->task.nstrings && memchr(h->strings + offset, '\0',
						   h->task.nstrings - offset)
		? h->strings + offset : "";
}

static void phase_set(struct task_server *h, enum page_phase phase, uint64_t now_us)
{
	atomic_store_explicit(&h->page->phase_us, now_us, memory_order_relaxed);
	atomic_store_explicit(&h->page->phase, phase, memory_order_release);
}

static void retire(struct task_server *h, enum page_retire why)
{
	/* The first cause stays: it is the one that is told. */
	if (h->retire == RETIRE_NO)
		h->retire = why;
	atomic_store_explicit(&h->page->retire, h->retire, memory_order_relaxed);
}

static uint64_t timeval_us(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000u + (uint64_t)tv->tv_usec;
}

static struct usage usage_now(uint64_t *max_rss_kb)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	*max_rss_kb = (uint64_t)(self.ru_maxrss > children.ru_maxrss ? self.ru_maxrss
								     : children.ru_maxrss);
	return (struct usage){
		.user_us = timeval_us(&self.ru_utime) + timeval_us(&children.ru_utime),
		.sys_us = timeval_us(&self.ru_stime) + timeval_us(&children.ru_stime),
	};
}

/*
 * A test may fork, and its child may return from the test function as the parent does. Then the
 * child is here, in the host's code. It must not go on as a second host, nor run the host's exit
 * handlers: it exits.
 */
static void child_leave(const struct task_server *h, int status)
{
	if (getpid() == h->pid)
		return;
	stdio_flush();
	_exit(status);
}

/* Calls the test. Returns in this process alone, and once. */
static void test_call(struct call *c)
{
	struct task_server *h = c->host;
	const struct tml_names names = {
		.test = task_string(h, c->test->name),
		.file = task_string(h, c->test->file),
		.suite = task_string(h, h->task.suite),
	};

	switch ((enum page_call)c->test->call) {
	case PAGE_CALL_TML: {
		tml_test *test;

		memcpy(&test, &c->symbol, sizeof(test));
		tml_run(&c->suite->tml, test, &names, h->task.flags, h->page, &h->texts, c->rec);
		child_leave(h, c->rec->outcome != OUTCOME_RETURNED || c->rec->value != 0);
		break;
	}
	case PAGE_CALL_SUITE_H:
		suite_h_run(c->symbol, h->pid);
		child_leave(h, !suite_h_passes(c->symbol));
		break;
	case PAGE_CALL_MISSING:		/* symbol_find() has refused it */
		break;
	}
}

/* The part of the verdict that has to wait until the threads that the test left have ended, or are
 * known to stay: one of them may yet fail the test. */
static void test_judge(struct call *c)
{
	switch ((enum page_call)c->test->call) {
	case PAGE_CALL_TML:
	case PAGE_CALL_MISSING:
		break;
	case PAGE_CALL_SUITE_H:
		suite_h_judge(c->symbol, &c->host->texts, c->rec);
		break;
	}
}

static void *symbol_refuse(struct task_server *h, struct page_record *rec, const char *why)
{
	rec->outcome = OUTCOME_NO_SYMBOL;
	rec->message = page_texts_add_string(&h->texts, why, 1024);
	return NULL;
}

/* The symbol to call; NULL: `rec` says why not. */
static void *symbol_find(struct task_server *h, struct opened *suite, const struct page_test *test,
			 struct page_record *rec)
{
	const char *name = task_string(h, test->symbol), *why;
	void *symbol;

	if (test->call == PAGE_CALL_MISSING)
		return symbol_refuse(h, rec, name);
	symbol = dlsym(suite->handle, name);
	if (!symbol)
		return symbol_refuse(h, rec, dlerror());
	switch ((enum page_call)test->call) {
	case PAGE_CALL_TML:
		if (!suite->has_tml) {
			tml_open(&suite->tml, suite->handle);
			suite->has_tml = true;
		}
		return symbol;
	case PAGE_CALL_SUITE_H:
		why = suite_h_refuse(symbol);
		return why ? symbol_refuse(h, rec, why) : symbol;
	case PAGE_CALL_MISSING:
		break;
	}
	return symbol_refuse(h, rec, "the page asks for a way to call that is not known");
}

/* Runs in the forked child. The lines about what was left have to go into the page here: the page
 * is the only memory that the child shares with the host. */
static void forked_main(void *data)
{
	struct call *c = data;
	struct task_server *h = c->host;

	h->pid = getpid();
	crash_watch(h->pid);
	test_dir_tell(&h->test_dirs, c->test->serial);
	test_call(c);
	c->rec->end_us = clock_us();
	c->rec->flags = checks_threads(&h->checks, c->left);
	test_judge(c);
	c->rec->left = page_texts_add_lines(&h->texts, c->left);
}

/* Takes over what a forked child left in the page: its record, which may hold anything (only the
 * start is the host's own), and its texts. */
static void record_adopt(struct task_server *h, struct page_record *rec,
			 const struct page_record *childs)
{
	struct page_record copy = *childs;
	uint32_t ntexts = atomic_load(&h->page->ntexts);

	copy.start_us = rec->start_us;
	*rec = copy;
	if (ntexts > h->texts.nbytes)
		h->texts.nbytes = ntexts < PAGE_TEXTS_BYTES ? ntexts : PAGE_TEXTS_BYTES;
}

static void test_run_forked(struct call *c)
{
	struct task_server *h = c->host;
	/* The child's record is the one in the page, the only memory that it shares with the
	 * host. */
	struct page_record *rec = c->rec, *childs = &h->page->records[rec - h->records];
	const struct fork_call call = { .run = forked_main, .data = c };
	struct fork_end end;
	bool changed, ended, made = test_dir_make(&h->test_dirs, c->test->serial);
	uint64_t now_us;

	c->rec = childs;
	ended = made && fork_run(&call, &end);
	record_adopt(h, rec, childs);
	if (!ended) {
		char why[128];
		int n = snprintf(why, sizeof(why), "proctor-host cannot %s: %s",
				 made ? "fork" : "make a temporary directory", strerror(errno));

		rec->outcome = OUTCOME_FAILED;
		rec->message = page_texts_add(&h->texts, why, (size_t)n);
	} else {
		rec->user_us = end.user_us;
		rec->sys_us = end.sys_us;
		rec->max_rss_kb = end.max_rss_kb;
		if (!end.finished) {
			rec->outcome = OUTCOME_DIED;
			rec->value = end.status;
		}
	}
	now_us = clock_us();
	if (rec->outcome == OUTCOME_DIED || rec->end_us < rec->start_us || rec->end_us > now_us)
		rec->end_us = now_us;
	rec->flags |= checks_processes(&h->checks, c->left);
	test_dir_leave(&h->test_dirs, c->test->serial);
	/* The child shares the open files of stdin, stdout and stderr: it may have changed their
	 * flags. */
	stdio_mend(&h->io, &changed);
	if (c->left->nbytes > 0)
		rec->left = page_texts_add_lines(&h->texts, c->left);
}

static void test_run_here(struct call *c)
{
	struct task_server *h = c->host;
	struct page_record *rec = c->rec;
	struct usage before = h->usage;
	bool changed, whole;

	tml_tables_owe();
	test_call(c);
	/* First the descriptors, then the flush: what stdout and stderr still hold is to go into
	 * our pipes. */
	whole = stdio_mend(&h->io, &changed);
	whole = stdio_flush() && whole;
	rec->end_us = clock_us();
	h->usage = usage_now(&rec->max_rss_kb);
	rec->user_us = h->usage.user_us - before.user_us;
	rec->sys_us = h->usage.sys_us - before.sys_us;
	if (!whole) {
		text_line_add(c->left, "stdin, stdout or stderr: cannot be put back");
		rec->flags |= RECORD_CHANGED;
	}
	rec->flags |= checks_run(&h->checks, c->left);
	test_judge(c);
	rec->left = page_texts_add_lines(&h->texts, c->left);
	if (rec->flags & (RECORD_LEAKY_THREAD | RECORD_LEAKY_PROCESS))
		retire(h, RETIRE_LEAKY);
	if (rec->outcome == OUTCOME_CAUGHT)
		retire(h, RETIRE_CAUGHT);
	if (rec->flags & RECORD_CHANGED)
		retire(h, RETIRE_CHANGED);
}

/* Is everything in the page as it should be, apart from the record of the test at `index`? */
static bool page_intact(const struct task_server *h, uint32_t index)
{
	static const uint8_t no_key[MARKER_KEY_BYTES];
	const struct page *p = h->page;

	return p->magic == PAGE_MAGIC && atomic_load(&p->go) == h->go &&
	       atomic_load(&p->retire) == h->retire &&
	       memcmp(p->marker_key, no_key, sizeof(no_key)) == 0 &&
	       /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	       memcmp(&p->task, &h->task, sizeof(h->task)) == 0 &&
	       memcmp(p->strings, h->strings, h->task.nstrings) == 0 && page_texts_intact(&h->texts) &&
	       memcmp(p->records, h->records, index * sizeof(h->records[0])) == 0 &&
	       memcmp(&p->records[index + 1], &h->records[index + 1],
		      (TASK_TESTS_MAX - index - 1) * sizeof(h->records[0])) == 0;
}

/* If the test at `index` wrote over the page, puts back what the page should hold, so that the
 * records of the tests before it count, and notes in its own record that it did so. */
static void page_mend(struct task_server *h, uint32_t index, struct page_record *rec)
{
	if (page_intact(h, index))
		return;
	h->page->magic = PAGE_MAGIC;
	atomic_store(&h->page->go, h->go);
	memset(h->page->marker_key, 0, sizeof(h->page->marker_key));
	memcpy(h->page->records, h->records, sizeof(h->records));
	page_texts_mend(&h->texts);
	memset(&h->page->death.crash, 0, sizeof(h->page->death.crash));
	atomic_store(&h->page->current, index);
	atomic_store(&h->page->death.nmodules, 0);
	h->retire = RETIRE_OVERWROTE;
	atomic_store(&h->page->retire, RETIRE_OVERWROTE);
	rec->flags = RECORD_OVERWROTE;
	rec->message = rec->backtrace = rec->left = (struct page_text){ 0 };
}

/* Copies the record to the page. The state is written last: who reads RECORD_ENDED finds the rest
 * there. */
static void record_publish(struct task_server *h, uint32_t index)
{
	struct page_record *to = &h->page->records[index], *from = &h->records[index];

	memcpy((char *)to + sizeof(to->state), (char *)from + sizeof(from->state),
	       sizeof(*to) - sizeof(to->state));
	atomic_store_explicit(&from->state, RECORD_ENDED, memory_order_relaxed);
	atomic_store_explicit(&to->state, RECORD_ENDED, memory_order_release);
}

static void test_run(struct task_server *h, struct opened *suite, uint32_t index)
{
	const struct page_test *test = &h->task.tests[index];
	bool forks = h->task.flags & PAGE_FORK;
	struct page_record *rec = &h->records[index];
	struct text_lines left;
	struct call call = { .host = h, .test = test, .rec = rec, .suite = suite, .left = &left };

	left.nbytes = left.nmore = 0;
	memset((char *)rec + sizeof(rec->state), 0, sizeof(*rec) - sizeof(rec->state));
	crash_reset();
	page_texts_keep(&h->texts);
	rec->start_us = clock_us();
	h->page->records[index].start_us = rec->start_us;
	atomic_store_explicit(&h->page->current, index, memory_order_relaxed);
	atomic_store_explicit(&h->page->records[index].state, RECORD_STARTED, memory_order_release);
	phase_set(h, PAGE_RUNNING, rec->start_us);

	call.symbol = symbol_find(h, suite, test, rec);
	if (!call.symbol)
		rec->end_us = clock_us();
	else if (forks)
		test_run_forked(&call);
	else
		test_run_here(&call);

	/* The marker stands in the pipes behind the last byte of the test: its output was flushed,
	 * and the processes that it left are dead. A thread that it left may go on writing, but
	 * then the host is replaced, and no other test can be given those bytes. */
	if (!(h->task.flags & PAGE_NOCAPTURE) &&
	    !marker_write(&h->io, h->marker_key, test->serial))
		retire(h, RETIRE_MARKERS);
	page_mend(h, index, &h->records[index]);
	record_publish(h, index);
}

static void baseline_adopt(struct task_server *h)
{
	uint64_t max_rss_kb;

	modules_record(&h->modules);
	checks_adopt(&h->checks);
	h->usage = usage_now(&max_rss_kb);
}

/* Opens a suite; constructors that run in there may count, fork and end the process. */
static struct opened *suite_open_counted(struct task_server *h, const char *path, const char **why)
{
	struct link_map *map = NULL;
	struct opened *suite;

	counters_opening();
	suite = suite_open(&h->suites, path, why);
	if (suite && counters_active()) {
		if (dlinfo(suite->handle, RTLD_DI_LINKMAP, &map) != 0)
			map = NULL;
		suite->has_functions = tml_tables_add(suite->handle);
	}
	counters_opened(map);
	return suite;
}

/* Opens the suite if its file is still the one that the plan has read. It is looked at before and
 * after: if it is the same both times, it was this file that was opened. */
static struct opened *suite_open_unchanged(struct task_server *h, const char *path,
					   const char **why)
{
	enum file_change change = file_look(path, &h->task.file);
	struct opened *suite = change == FILE_SAME ? suite_open_counted(h, path, why) : NULL;

	if (suite)
		change = file_look(suite->path, &h->task.file);
	if (change == FILE_SAME)
		return suite;
	*why = file_change_words(change);
	return NULL;
}

/* The suite of the task, which is opened now if it is not open yet; NULL: the page says why it
 * cannot be. */
static struct opened *task_suite(struct task_server *h)
{
	const char *path = task_string(h, h->task.path), *why;
	struct opened *suite = suite_find(&h->suites, path);
	bool changed;

	if (suite)
		return suite;
	crash_reset();
	phase_set(h, PAGE_OPENING, clock_us());
	suites_close(&h->suites);
	suite = suite_open_unchanged(h, path, &why);
	child_leave(h, 0);	/* a constructor may have forked, and this be the child */
	if (!suite) {
		h->page->open_message = page_texts_add_string(&h->texts, why, 4096);
		retire(h, RETIRE_OPEN_FAILED);
		return NULL;
	}
	suite->closes = h->task.flags & PAGE_CLOSES;
	stdio_mend(&h->io, &changed);
	stdio_flush();
	baseline_adopt(h);
	return suite;
}

static void task_run(struct task_server *h)
{
	struct opened *suite;
	uint32_t i;

	page_texts_reset(&h->texts);
	memset(h->records, 0, sizeof(h->records));
	if (h->retire != RETIRE_NO)
		return;
	exit_marks_suite(h->task.suite_number);
	suite = task_suite(h);
	tml_tables_running(suite && suite->has_functions);
	for (i = 0; suite && i < h->task.ntests && i < TASK_TESTS_MAX && h->retire == RETIRE_NO; i++)
		test_run(h, suite, i);
	/* Handed over now, so that a later suite that crashes the process does not lose them. */
	if (suite && suite->has_functions)
		tml_tables_save();
	tml_tables_running(false);
}

static void page_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Waits until `go` is another than `seen`, and returns it. */
static uint32_t go_wait(struct page *page, uint32_t seen)
{
	uint32_t go;

	while ((go = atomic_load_explicit(&page->go, memory_order_acquire)) == seen)
		syscall(SYS_futex, &page->go, FUTEX_WAIT, seen, NULL, NULL, 0);
	return go;
}

static void serve_loop(struct task_server *h)
{
	for (;;) {
		h->go = go_wait(h->page, h->go);
		task_copy(h);
		if (h->task.command != PAGE_TASK)
			return;
		task_run(h);
		phase_set(h, PAGE_IDLE, clock_us());
		/* Written again: a test may have written over it. */
		atomic_store_explicit(&h->page->retire, h->retire, memory_order_relaxed);
		atomic_fetch_add_explicit(&h->page->done, 1, memory_order_release);
		page_wake(&h->page->done);
	}
}

static struct page *serving;	/* what the crash handler finds, which is called with a signal's number alone */

/* A crash of a thread that some test left: the functions that run at exit have no part in it. */
static void crash_elsewhere(void)
{
	atomic_store_explicit(&serving->exit_suite, 0, memory_order_relaxed);
}

static bool handler_open(struct crash_page *page)
{
	const bool counts = counters_active();
	const struct crash_tasks tasks = {
		.save = counts ? counters_save : NULL, .stay = counts ? counters_stay : NULL,
		.other_thread = crash_elsewhere,
	};

	return crash_open(page, &tasks);
}

static struct page *page_map(void)
{
	struct page *page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED,
				 HOST_PAGE_FD, 0);

	if (page == MAP_FAILED) {
		fprintf(stderr, "proctor-host: cannot map the progress page: %s\n",
			strerror(errno));
		return NULL;
	}
	if (page->magic != PAGE_MAGIC) {
		fprintf(stderr, "proctor-host: descriptor %d is no progress page\n", HOST_PAGE_FD);
		return NULL;
	}
	close(HOST_PAGE_FD);
	return page;
}

int serve_main(const struct serve_words *words)
{
	static struct task_server host;	/* not on the stack: it is large, and tests overflow stacks */
	struct task_server *h = &host;
	bool captured;

	h->page = page_map();
	if (!h->page)
		return 2;
	if (words->coverage && !counters_open()) {
		fprintf(stderr, "proctor-host: cannot use descriptor %d as counter area\n", AREA_FD);
		return 2;
	}
	h->pid = getpid();
	h->texts.page = h->page;
	h->modules.page = &h->page->death;
	memcpy(h->marker_key, h->page->marker_key, sizeof(h->marker_key));
	memset(h->page->marker_key, 0, sizeof(h->page->marker_key));
	h->checks.leak_us = h->page->leak_us;
	test_dirs_open(&h->test_dirs, words->temp, words->keep_temp);
	if (stdio_open(&h->io) < 0) {
		fprintf(stderr, "proctor-host: cannot keep descriptors 0 to 2: %s\n",
			strerror(errno));
		return 2;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	serving = h->page;
	/* A sanitizer says more about a crash than our handler, so there it is not installed; with
	 * coverage it is all the same, without a page: it hands the counters over when a signal
	 * ends the process. */
	if ((!words->sanitized || counters_active()) &&
	    !handler_open(words->sanitized ? NULL : &h->page->death))
		fprintf(stderr, "proctor-host: no stack for the crash handler: %s\n",
			strerror(errno));
	checks_open(&h->checks);
	baseline_adopt(h);
	serve_loop(h);

	crash_reset();
	phase_set(h, PAGE_ENDING, clock_us());
	stdio_flush();
	captured = !(h->task.flags & PAGE_NOCAPTURE);
	if (captured)
		marker_write(&h->io, h->marker_key, MARKER_LAST);
	exit_marks_start(h->page, captured ? &h->io : NULL, h->marker_key);
	/* Returning is exit(0): handlers and destructors of the suites run. */
	return 0;
}
