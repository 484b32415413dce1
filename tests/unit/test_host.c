/* SPDX-License-Identifier: MIT */
/*
 * Drives proctor-host as a worker does: page, pipes, markers. The host and the suites are found
 * relative to this program: ../../proctor-host and ../suites/host_NAME.so.
 */
#include "base/utf8.h"
#include "wire/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANG_MS 10000	/* for ever, in a test that should not take a tenth of it */

static char host_path[PATH_MAX], suites_dir[PATH_MAX];

struct output {
	int fd;
	char bytes[8192];
	size_t nbytes;
};

struct host {
	pid_t pid;
	struct page *page;
	struct output out, err;
	uint32_t nstrings, serial, done;
	uint8_t marker_key[MARKER_KEY_BYTES];	/* the host takes it out of the page */
	int status;		/* of waitpid(), once it is dead */
};

static void host_start(struct host *h)
{
	int page_fd = memfd_create("page", MFD_CLOEXEC), out[2], err[2];
	size_t i;

	memset(h, 0, sizeof(*h));
	assert_true(page_fd >= 0);
	assert_int_equal(ftruncate(page_fd, sizeof(struct page)), 0);
	h->page = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0);
	assert_ptr_not_equal(h->page, MAP_FAILED);
	h->page->magic = PAGE_MAGIC;
	h->page->leak_us = 100000;
	for (i = 0; i < MARKER_KEY_BYTES; i++)
		h->page->marker_key[i] = h->marker_key[i] = (uint8_t)(0xf0 + i);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	h->pid = fork();
	assert_true(h->pid >= 0);
	if (h->pid == 0) {
		int null = open("/dev/null", O_RDONLY), page = fcntl(page_fd, F_DUPFD, 100);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		dup2(null, 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		dup2(page, HOST_PAGE_FD);
		syscall(SYS_close_range, HOST_PAGE_FD + 1, ~0u, 0);
		execl(host_path, host_path, "serve", (char *)NULL);
		_exit(127);
	}
	close(page_fd);
	close(out[1]);
	close(err[1]);
	h->out.fd = out[0];
	h->err.fd = err[0];
	fcntl(h->out.fd, F_SETFL, O_NONBLOCK);
	fcntl(h->err.fd, F_SETFL, O_NONBLOCK);
}

static uint32_t string_add(struct host *h, const char *s)
{
	uint32_t at = h->nstrings;

	strcpy(h->page->strings + at, s);
	h->nstrings += (uint32_t)strlen(s) + 1;
	return at;
}

/* Fills the task: the suite, then the names of tests up to NULL. */
static void task_fill(struct host *h, const char *suite, enum page_call call, uint32_t flags,
		      const char *const *names)
{
	struct page_task *task = &h->page->task;
	char path[PATH_MAX + 64];
	uint32_t i;

	h->nstrings = 0;
	snprintf(path, sizeof(path), "%s/%s.so", suites_dir, suite);
	task->command = PAGE_TASK;
	task->flags = flags;
	task->path = string_add(h, path);
	task->suite = string_add(h, "the suite");
	for (i = 0; names[i]; i++) {
		char symbol[128];

		snprintf(symbol, sizeof(symbol), "%s%s",
			 call == PAGE_CALL_SUITE_H ? "proctor_entry__" : "", names[i]);
		task->tests[i] = (struct page_test){
			.call = call,
			.symbol = string_add(h, symbol),
			.name = string_add(h, names[i]),
			.file = string_add(h, "the file"),
			.serial = ++h->serial,
		};
	}
	task->ntests = i;
	task->nstrings = h->nstrings;
	memset(h->page->records, 0, sizeof(h->page->records));
	atomic_store(&h->page->ntexts, 0);
}

static void host_go(struct host *h)
{
	atomic_fetch_add(&h->page->go, 1);
	syscall(SYS_futex, &h->page->go, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void output_read(struct output *o)
{
	ssize_t n;

	while ((n = read(o->fd, o->bytes + o->nbytes, sizeof(o->bytes) - 1 - o->nbytes)) > 0)
		o->nbytes += (size_t)n;
	o->bytes[o->nbytes] = '\0';
}

/* True if the hand-out was finished; false if the host died of it. */
static bool host_wait(struct host *h)
{
	int ms;

	for (ms = 0; ms < HANG_MS; ms += 5) {
		struct timespec timeout = { .tv_nsec = 5000000 };
		uint32_t done = atomic_load(&h->page->done);

		output_read(&h->out);
		output_read(&h->err);
		if (done != h->done) {
			h->done = done;
			output_read(&h->out);
			output_read(&h->err);
			return true;
		}
		if (h->pid > 0 && waitpid(h->pid, &h->status, WNOHANG) == h->pid) {
			kill(-h->pid, SIGKILL);
			h->pid = 0;
			output_read(&h->out);
			output_read(&h->err);
			return false;
		}
		syscall(SYS_futex, &h->page->done, FUTEX_WAIT, done, &timeout, NULL, 0);
	}
	fail_msg("the host hangs");
	return false;
}

static bool run(struct host *h, const char *suite, enum page_call call, uint32_t flags,
		const char *const *names)
{
	task_fill(h, suite, call, flags, names);
	host_go(h);
	return host_wait(h);
}

#define NAMES(...) (const char *const[]){ __VA_ARGS__, NULL }
#define RUN_PLAIN(h, ...) run(h, "host_plain", PAGE_CALL_TML, 0, NAMES(__VA_ARGS__))

static void host_stop(struct host *h)
{
	if (h->pid > 0) {
		kill(-h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
	}
	close(h->out.fd);
	close(h->err.fd);
	munmap(h->page, sizeof(*h->page));
}

static void host_end(struct host *h)
{
	h->page->task.command = PAGE_END;
	h->page->task.flags = 0;
	host_go(h);
	assert_false(host_wait(h));
	assert_true(WIFEXITED(h->status));
	assert_int_equal(WEXITSTATUS(h->status), 0);
}

static const char *text(const struct host *h, struct page_text t)
{
	static char buffer[8192];

	assert_true(t.offset + t.nbytes <= PAGE_TEXTS_BYTES && t.nbytes < sizeof(buffer));
	memcpy(buffer, h->page->texts + t.offset, t.nbytes);
	buffer[t.nbytes] = '\0';
	return buffer;
}

static struct page_record *ended(struct host *h, unsigned i)
{
	struct page_record *rec = &h->page->records[i];

	assert_int_equal(atomic_load(&rec->state), RECORD_ENDED);
	assert_true(rec->start_us > 0 && rec->end_us >= rec->start_us);
	return rec;
}

/* What stands in front of the marker of `serial`, behind the one before. */
static const char *output_of(struct host *h, struct output *o, uint32_t serial)
{
	static char buffer[8192];
	char *at = o->bytes, *from = o->bytes;

	while ((at = memmem(at, (size_t)(o->bytes + o->nbytes - at), h->marker_key,
			    MARKER_KEY_BYTES))) {
		uint8_t *s = (uint8_t *)at + MARKER_KEY_BYTES;
		uint32_t found = s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 |
				 (uint32_t)s[3] << 24;

		if (found == serial) {
			memcpy(buffer, from, (size_t)(at - from));
			buffer[at - from] = '\0';
			return buffer;
		}
		at += MARKER_BYTES;
		from = at;
	}
	fail_msg("there is no marker %u", serial);
	return NULL;
}

static void assert_changed_nothing(struct host *h, const char *after)
{
	uint32_t serial;

	assert_true(RUN_PLAIN(h, after, "is_pristine"));
	serial = h->serial;
	assert_int_equal(ended(h, 0)->flags, 0);
	assert_int_equal(ended(h, 1)->flags, 0);
	assert_int_equal(ended(h, 1)->value, 0);
	assert_int_equal(h->page->retire, RETIRE_NO);
	assert_string_equal(output_of(h, &h->out, serial), "env 0 cwd 0 umask 0 mask 0 timer 0 "
							   "usr1 0 flags 0 fd 0 stdin 0\n");
}

static void output_is_cut_at_the_markers(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "trivial", "prints", "trivial"));
	assert_int_equal(ended(&h, 0)->outcome, OUTCOME_RETURNED);
	assert_int_equal(ended(&h, 2)->value, 0);
	assert_string_equal(output_of(&h, &h.out, 1), "");
	assert_string_equal(output_of(&h, &h.out, 2), "out without newline");
	assert_string_equal(output_of(&h, &h.err, 2), "err");
	assert_string_equal(output_of(&h, &h.err, 3), "");
	assert_true(h.page->death.nmodules > 2);
	host_end(&h);
	output_of(&h, &h.out, MARKER_LAST);
	output_of(&h, &h.err, MARKER_LAST);
	host_stop(&h);
}

static void modules_name_the_suite_with_its_build_id(void **state)
{
	struct host h;
	uint32_t i, before;
	bool found = false;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "trivial"));
	before = h.page->death.nmodules;
	for (i = 0; i < before; i++) {
		const struct page_module *m = &h.page->death.modules[i];

		assert_true(m->start < m->end);
		if (m->npath > 13 && memcmp(h.page->death.module_paths + m->path + m->npath - 13,
					    "host_plain.so", 13) == 0)
			found = m->nbuild_id > 0;
	}
	assert_true(found);
	assert_true(RUN_PLAIN(&h, "trivial"));
	assert_int_equal(h.page->death.nmodules, before);
	assert_true(run(&h, "host_tml", PAGE_CALL_TML, 0, NAMES("tml_test_0")));
	assert_int_equal(h.page->death.nmodules, before + 1);
	host_stop(&h);
}

static bool module_is_recorded(const struct host *h, const char *end)
{
	size_t nend = strlen(end);

	for (uint32_t i = 0; i < h->page->death.nmodules; i++) {
		const struct page_module *m = &h->page->death.modules[i];

		if (m->npath > nend && memcmp(h->page->death.module_paths + m->path + m->npath - nend, end,
					      nend) == 0)
			return true;
	}
	return false;
}

/* However many were opened: an address must not be that of two libraries. */
static void what_was_closed_is_no_module_any_more(void **state)
{
	struct host h;
	uint32_t before = 0, path = 0;

	(void)state;
	host_start(&h);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(run(&h, "host_plain", PAGE_CALL_TML, PAGE_CLOSES, NAMES("trivial")));
		assert_true(module_is_recorded(&h, "/host_plain.so"));
		assert_false(module_is_recorded(&h, "/host_tml.so"));
		if (i == 0) {
			before = h.page->death.nmodules;
			path = h.page->death.modules[before - 1].path;
		}
		assert_int_equal(h.page->death.nmodules, before);
		assert_int_equal(h.page->death.modules[before - 1].path, path);
		assert_true(run(&h, "host_tml", PAGE_CALL_TML, PAGE_CLOSES, NAMES("tml_test_0")));
		assert_true(module_is_recorded(&h, "/host_tml.so"));
		assert_false(module_is_recorded(&h, "/host_plain.so"));
	}
	host_stop(&h);
}

static void nocapture_writes_no_markers(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(run(&h, "host_plain", PAGE_CALL_TML, PAGE_NOCAPTURE, NAMES("prints")));
	assert_string_equal(h.out.bytes, "out without newline");
	assert_string_equal(h.err.bytes, "err");
	host_stop(&h);
}

static void what_a_test_changed_is_put_back(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_changed_nothing(&h, "changes_much");
	assert_changed_nothing(&h, "scribbles_environment");
	assert_changed_nothing(&h, "closes_stdio");
	assert_string_equal(output_of(&h, &h.out, h.serial - 1), "last words");
	assert_changed_nothing(&h, "closes_everything");
	assert_changed_nothing(&h, "leaves_zombie");
	assert_changed_nothing(&h, "joins_threads");
	assert_changed_nothing(&h, "replaces_handler_by_system_call");
	assert_false(RUN_PLAIN(&h, "segfaults"));
	assert_int_equal(h.page->death.crash.state, CRASH_WRITTEN);
	host_stop(&h);
}

static void what_cannot_be_put_back_retires_the_host(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "leaves_descriptor", "trivial"));
	assert_int_equal(ended(&h, 0)->flags, RECORD_CHANGED);
	assert_non_null(strstr(text(&h, ended(&h, 0)->left), "/dev/zero"));
	assert_int_equal(h.page->retire, RETIRE_CHANGED);
	assert_int_equal(h.page->records[1].state, RECORD_NONE);
	host_stop(&h);

	host_start(&h);
	assert_true(RUN_PLAIN(&h, "fclose_stdout"));
	assert_int_equal(h.page->retire, RETIRE_CHANGED);
	output_of(&h, &h.out, 1);
	host_end(&h);
	host_stop(&h);

	host_start(&h);
	assert_true(RUN_PLAIN(&h, "closes_really_everything"));
	ended(&h, 0);
	/* No marker could be written. */
	output_read(&h.out);
	assert_null(memmem(h.out.bytes, h.out.nbytes, h.marker_key, MARKER_KEY_BYTES));
	assert_true(h.page->retire != RETIRE_NO);
	host_stop(&h);
}

static void a_thread_left_behind_is_named(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "leaves_thread", "trivial"));
	assert_int_equal(ended(&h, 0)->flags, RECORD_LEAKY_THREAD);
	assert_non_null(strstr(text(&h, ended(&h, 0)->left), "(stayer)"));
	assert_int_equal(h.page->retire, RETIRE_LEAKY);
	assert_int_equal(h.page->records[1].state, RECORD_NONE);
	output_of(&h, &h.out, 1);
	host_stop(&h);
}

static void a_daemon_left_behind_is_named_and_killed(void **state)
{
	struct host h;
	const char *left;
	pid_t pid;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "leaves_daemon"));
	assert_int_equal(ended(&h, 0)->flags, RECORD_LEAKY_PROCESS);
	left = text(&h, ended(&h, 0)->left);
	assert_int_equal(sscanf(left, "process %d (proctor-host)", &pid), 1);
	assert_null(strchr(left, '\n'));
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(h.page->retire, RETIRE_LEAKY);
	host_stop(&h);
}

static void a_forked_child_is_no_second_host(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "child_returns", "trivial", "child_crashes"));
	assert_int_equal(ended(&h, 0)->value, 0);
	assert_string_equal(output_of(&h, &h.out, 1), "child");
	assert_int_equal(ended(&h, 1)->flags, 0);
	assert_int_equal(ended(&h, 2)->value, 0);
	/* The crash of a child is not the test's. */
	assert_int_equal(h.page->death.crash.state, CRASH_NONE);
	assert_int_equal(h.page->done, 1);
	host_stop(&h);
}

static void exit_from_a_test_leaves_it_started(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_false(RUN_PLAIN(&h, "trivial", "exits_hard", "trivial"));
	assert_true(WIFEXITED(h.status));
	assert_int_equal(WEXITSTATUS(h.status), 3);
	assert_int_equal(h.page->current, 1);
	assert_int_equal(h.page->phase, PAGE_RUNNING);
	assert_int_equal(h.page->records[0].state, RECORD_ENDED);
	assert_int_equal(h.page->records[1].state, RECORD_STARTED);
	assert_int_equal(h.page->records[2].state, RECORD_NONE);
	host_stop(&h);

	host_start(&h);
	assert_false(RUN_PLAIN(&h, "exits"));
	assert_true(WIFEXITED(h.status));
	assert_int_equal(h.page->records[0].state, RECORD_STARTED);
	host_stop(&h);
}

static void assert_crash(const char *test, int sig, bool has_stack)
{
	struct host h;
	const struct page_crash *c;
	uint64_t sp;
	uint32_t i;
	bool in_suite = false;

	host_start(&h);
	assert_false(RUN_PLAIN(&h, test));
	assert_true(WIFSIGNALED(h.status));
	assert_int_equal(WTERMSIG(h.status), sig);
	c = &h.page->death.crash;
	assert_int_equal(c->state, CRASH_WRITTEN);
	assert_int_equal(c->signal, sig);
	if (has_stack) {
		sp = c->regs[c->nregs == 17 ? 7 : 31];
		assert_true(c->nstack > 256);
		assert_true(c->stack_address >= (sp & ~(uint64_t)15));
		/* The return address into the suite stands on the copied stack, or it is the
		 * place of the crash. */
		for (i = 0; i < h.page->death.nmodules; i++) {
			const struct page_module *m = &h.page->death.modules[i];
			uint32_t at;

			if (m->npath < 13 || memcmp(h.page->death.module_paths + m->path + m->npath - 13,
						    "host_plain.so", 13) != 0)
				continue;
			for (at = 0; at + 8 <= c->nstack; at += 8) {
				uint64_t word;

				memcpy(&word, h.page->death.stack + at, sizeof(word));
				if (word >= m->start && word < m->end)
					in_suite = true;
			}
			if (c->regs[c->nregs - 1] >= m->start && c->regs[c->nregs - 1] < m->end)
				in_suite = true;
		}
		assert_true(in_suite);
	}
	host_stop(&h);
}

static void a_crash_is_recorded(void **state)
{
	struct host h;

	(void)state;
	assert_crash("segfaults", SIGSEGV, true);
	assert_crash("aborts", SIGABRT, true);
	assert_crash("overflows", SIGSEGV, true);
	assert_crash("segfaults_on_thread", SIGSEGV, true);

	host_start(&h);
	assert_false(RUN_PLAIN(&h, "segfaults"));
	assert_int_equal(h.page->death.crash.address, 8);
	assert_int_equal(h.page->death.crash.si_code, SEGV_MAPERR);
	host_stop(&h);

	host_start(&h);
	assert_false(RUN_PLAIN(&h, "aborts"));
	assert_string_equal(h.out.bytes, "before abort\n");
	host_stop(&h);
}

static void a_suites_own_handler_runs_after_ours(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_false(RUN_PLAIN(&h, "handles_segfault"));
	assert_true(WIFEXITED(h.status));
	assert_int_equal(WEXITSTATUS(h.status), 9);
	assert_string_equal(h.out.bytes, "own handler 11 0x18\n");
	assert_int_equal(h.page->death.crash.state, CRASH_WRITTEN);
	assert_int_equal(h.page->death.crash.address, 24);
	host_stop(&h);
}

static void tml_returns_panics_and_leaks(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(run(&h, "host_tml", PAGE_CALL_TML, PAGE_LEAKS | PAGE_BACKTRACE,
			NAMES("tml_test_0", "tml_test_1", "tml_test_3", "tml_test_4")));
	assert_int_equal(ended(&h, 0)->outcome, OUTCOME_RETURNED);
	assert_int_equal(ended(&h, 0)->nleaks, 3);
	assert_int_equal(ended(&h, 0)->leak_bytes, 48);
	assert_string_equal(output_of(&h, &h.out, 1), "tml_test_0 the file the suite\n");
	assert_int_equal(ended(&h, 1)->outcome, OUTCOME_PANICKED);
	assert_int_equal(ended(&h, 1)->nleaks, 0);
	assert_string_equal(text(&h, ended(&h, 1)->message), "assertion failed at a.tml:3: x");
	assert_string_equal(text(&h, ended(&h, 1)->backtrace), "frame one\nframe two");
	/* A test that returns -1 itself. */
	assert_int_equal(ended(&h, 2)->outcome, OUTCOME_RETURNED);
	assert_int_equal(ended(&h, 2)->value, -1);
	assert_int_equal(ended(&h, 3)->value, 5);
	assert_int_equal(h.page->retire, RETIRE_NO);
	host_stop(&h);
}

static void a_crash_caught_by_tml_keeps_its_record(void **state)
{
	static const char *const tests[] = { "tml_test_2", "tml_test_5" };
	struct host h;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		host_start(&h);
		assert_true(run(&h, "host_tml", PAGE_CALL_TML, 0, NAMES(tests[i], "tml_test_0")));
		assert_int_equal(ended(&h, 0)->outcome, OUTCOME_CAUGHT);
		assert_string_equal(text(&h, ended(&h, 0)->message), "CRASH: SIGSEGV");
		assert_int_equal(h.page->retire, RETIRE_CAUGHT);
		assert_int_equal(h.page->death.crash.state, CRASH_WRITTEN);
		assert_int_equal(h.page->death.crash.signal, SIGSEGV);
		assert_true(h.page->death.crash.nstack > 0);
		assert_int_equal(h.page->records[1].state, RECORD_NONE);
		host_stop(&h);
	}
}

static void a_missing_suite_or_symbol_says_so(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(RUN_PLAIN(&h, "no_such_test", "trivial"));
	assert_int_equal(ended(&h, 0)->outcome, OUTCOME_NO_SYMBOL);
	assert_non_null(strstr(text(&h, ended(&h, 0)->message), "no_such_test"));
	assert_int_equal(ended(&h, 1)->outcome, OUTCOME_RETURNED);
	assert_true(run(&h, "no_such_suite", PAGE_CALL_TML, 0, NAMES("trivial")));
	assert_int_equal(h.page->retire, RETIRE_OPEN_FAILED);
	assert_non_null(strstr(text(&h, h.page->open_message), "no_such_suite"));
	assert_int_equal(h.page->records[0].state, RECORD_NONE);
	host_stop(&h);
}

/* Wrong code under right names is worse than none. */
static void a_suite_that_is_not_the_planned_file_is_not_opened(void **state)
{
	char path[PATH_MAX + 64];
	struct stat st;
	struct host h;

	(void)state;
	snprintf(path, sizeof(path), "%s/host_plain.so", suites_dir);
	assert_int_equal(stat(path, &st), 0);
	host_start(&h);
	task_fill(&h, "host_plain", PAGE_CALL_TML, 0, NAMES("trivial"));
	h.page->task.file = file_stamp_of(&st);
	host_go(&h);
	assert_true(host_wait(&h));
	assert_int_equal(ended(&h, 0)->outcome, OUTCOME_RETURNED);
	host_stop(&h);

	host_start(&h);
	task_fill(&h, "host_plain", PAGE_CALL_TML, 0, NAMES("trivial"));
	st.st_ino++;
	h.page->task.file = file_stamp_of(&st);
	host_go(&h);
	assert_true(host_wait(&h));
	assert_int_equal(h.page->retire, RETIRE_OPEN_FAILED);
	assert_non_null(strstr(text(&h, h.page->open_message), "replaced by another file"));
	assert_int_equal(h.page->records[0].state, RECORD_NONE);
	host_stop(&h);
}

struct expectation {
	const char *test;
	enum record_outcome outcome;
	const char *message;	/* NULL: none */
	const char *out;	/* NULL: not looked at */
};

static void assert_expectations(const char *suite, const struct expectation *e, size_t n)
{
	struct host h;
	size_t i;

	host_start(&h);
	for (i = 0; i < n; i++) {
		assert_true(run(&h, suite, PAGE_CALL_SUITE_H, 0, NAMES(e[i].test)));
		if (ended(&h, 0)->outcome != e[i].outcome)
			fail_msg("%s: outcome %u: %s", e[i].test, ended(&h, 0)->outcome,
				 text(&h, ended(&h, 0)->message));
		if (e[i].message && !strstr(text(&h, ended(&h, 0)->message), e[i].message))
			fail_msg("%s: %s", e[i].test, text(&h, ended(&h, 0)->message));
		if (!e[i].message)
			assert_int_equal(ended(&h, 0)->message.nbytes, 0);
		if (e[i].out)
			assert_string_equal(output_of(&h, &h.out, h.serial), e[i].out);
		assert_int_equal(ended(&h, 0)->flags, 0);
	}
	assert_int_equal(h.page->retire, RETIRE_NO);
	host_stop(&h);
}

static void suite_h_in_c_reports_both_values(void **state)
{
	static const struct expectation e[] = {
		{ "passes", OUTCOME_RETURNED, NULL, "" },
		{ "fails_eq", OUTCOME_FAILED,
		  "host_suite_h.c:33: three == 4 is false: left is 3, right is 4", "" },
		{ "fails_nan", OUTCOME_FAILED, "left is nan, right is nan", NULL },
		{ "fails_str", OUTCOME_FAILED, "left is \"left\", right is NULL", NULL },
		{ "fails_mem", OUTCOME_FAILED, "byte 2 of 3: left is 0x63, right is 0x64", NULL },
		{ "fails_percent", OUTCOME_FAILED, "n % 5 == 1 is false", NULL },
		{ "skips", OUTCOME_SKIPPED, "needs a moon", NULL },
		{ "fails_as_expected", OUTCOME_RETURNED, NULL, NULL },
		{ "passes_unexpectedly", OUTCOME_FAILED, "expected to fail", NULL },
		{ "fails_on_thread", OUTCOME_FAILED, "on another thread", NULL },
		{ "fails_in_child", OUTCOME_RETURNED, NULL, NULL },
		{ "child_returns", OUTCOME_RETURNED, NULL, NULL },
		{ "box__passes", OUTCOME_RETURNED, NULL, "set up\ntorn down 2\n" },
		{ "box__fails", OUTCOME_FAILED, "left is 3, right is 4", "set up\ntorn down 3\n" },
	};

	(void)state;
	assert_expectations("host_suite_h", e, sizeof(e) / sizeof(e[0]));
}

/* Each ends with what says that it was cut, or has that within. */
static void what_is_cut_says_so(void **state)
{
	static const char *const tests[] = { "fails_long", "skips_long", "fails_long_str",
					     "fails_longer" };
	const char *said, *left;
	struct host h;
	size_t i;

	(void)state;
	host_start(&h);
	for (i = 0; i < 4; i++) {
		assert_true(run(&h, "host_suite_h", PAGE_CALL_SUITE_H, 0, NAMES(tests[i])));
		said = text(&h, ended(&h, 0)->message);
		assert_non_null(strstr(said, "\xc3\xa4"));
		assert_non_null(strstr(said, "... (cut)"));
		if (!utf8_valid(said, strlen(said)))
			fail_msg("%s: cut within a character: %s", tests[i], said);
		if (i == 2)
			assert_non_null(strstr(said, "; they differ from byte 5001 on"));
		else
			assert_string_equal(said + strlen(said) - 9, "... (cut)");
	}
	assert_true(run(&h, "host_suite_h", PAGE_CALL_SUITE_H, 0, NAMES("leaves_many")));
	left = text(&h, ended(&h, 0)->left);
	assert_non_null(strstr(left, "without a name\nand "));
	assert_string_equal(left + strlen(left) - 5, " more");
	host_stop(&h);
}

/* Its verdict is given when the thread had its time to end: what it says later is not dropped. */
static void a_failure_after_the_verdict_is_said(void **state)
{
	char path[64];
	struct host h;
	unsigned ms;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/proctor-told-%d", getpid());
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	host_start(&h);
	assert_true(run(&h, "host_suite_h", PAGE_CALL_SUITE_H, 0, NAMES("fails_when_it_is_over")));
	assert_int_equal(ended(&h, 0)->outcome, OUTCOME_RETURNED);
	assert_true(ended(&h, 0)->flags & RECORD_LEAKY_THREAD);
	close(open(path, O_WRONLY));
	for (ms = 0; ms < HANG_MS && !strstr(h.err.bytes + MARKER_BYTES, "over)"); ms++) {
		usleep(1000);
		output_read(&h.err);
	}
	assert_non_null(strstr(h.err.bytes + MARKER_BYTES,
			       ": too late (on a thread, when its test was over)\n"));
	host_stop(&h);
	unlink(path);
}

static void suite_h_in_cxx_unwinds(void **state)
{
	static const struct expectation e[] = {
		{ "passes", OUTCOME_RETURNED, NULL, "" },
		{ "fails_and_unwinds", OUTCOME_FAILED, "left is 1, right is 0", "destroyed\n" },
		{ "throws", OUTCOME_FAILED, "was not caught: what it says", NULL },
		{ "throws_number", OUTCOME_FAILED, "unknown type", NULL },
		{ "swallows", OUTCOME_FAILED, "swallowed", NULL },
		{ "words__fails", OUTCOME_FAILED, "left is 2, right is 1", "2 words\n" },
	};

	(void)state;
	assert_expectations("host_suite_cxx", e, sizeof(e) / sizeof(e[0]));
}

static void fork_isolates_every_test(void **state)
{
	struct host h;
	int i;

	(void)state;
	host_start(&h);
	assert_true(run(&h, "host_plain", PAGE_CALL_TML, PAGE_FORK,
			NAMES("prints", "exits", "segfaults", "leaves_daemon", "leaves_thread",
			      "closes_really_everything", "changes_much", "is_pristine")));
	assert_int_equal(h.page->retire, RETIRE_NO);
	for (i = 0; i < 8; i++)
		ended(&h, (unsigned)i);
	assert_int_equal(h.page->records[0].outcome, OUTCOME_RETURNED);
	assert_string_equal(output_of(&h, &h.out, 1), "out without newline");
	assert_int_equal(h.page->records[1].outcome, OUTCOME_DIED);
	assert_int_equal(h.page->records[1].value, 0);
	assert_int_equal(h.page->records[2].outcome, OUTCOME_DIED);
	assert_true(WIFSIGNALED(h.page->records[2].value));
	assert_int_equal(WTERMSIG(h.page->records[2].value), SIGSEGV);
	assert_int_equal(h.page->records[3].flags, RECORD_LEAKY_PROCESS);
	assert_true(h.page->records[3].left.nbytes > 0);
	assert_int_equal(h.page->records[4].flags, RECORD_LEAKY_THREAD);
	assert_non_null(strstr(text(&h, h.page->records[4].left), "(stayer)"));
	assert_int_equal(h.page->records[5].outcome, OUTCOME_RETURNED);
	assert_string_equal(output_of(&h, &h.out, 8), "env 0 cwd 0 umask 0 mask 0 timer 0 usr1 0 "
						      "flags 0 fd 0 stdin 0\n");
	host_stop(&h);
}

static void a_crash_in_a_fork_is_recorded(void **state)
{
	struct host h;

	(void)state;
	host_start(&h);
	assert_true(run(&h, "host_plain", PAGE_CALL_TML, PAGE_FORK, NAMES("segfaults")));
	assert_int_equal(h.page->death.crash.state, CRASH_WRITTEN);
	assert_int_equal(h.page->death.crash.address, 8);
	host_stop(&h);
}

struct guard {
	pid_t pid, victim;	/* the victim left the group and carries the mark */
	int pipe;
	int32_t *groups;
};

static void guard_start(struct guard *g)
{
	int fds[2], memfd = memfd_create("groups", MFD_CLOEXEC), ready[2];
	char c;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(ftruncate(memfd, GUARD_GROUPS_MAX * sizeof(int32_t)), 0);
	g->groups = mmap(NULL, GUARD_GROUPS_MAX * sizeof(int32_t), PROT_READ | PROT_WRITE,
			 MAP_SHARED, memfd, 0);
	assert_ptr_not_equal(g->groups, MAP_FAILED);
	g->victim = fork();
	if (g->victim == 0) {
		char *env[] = { "A=B", "PROCTOR_RUN_ID=unit-test-mark", NULL };

		setsid();
		execle("/bin/sleep", "sleep", "60", (char *)NULL, env);
		_exit(127);
	}
	g->pid = fork();
	if (g->pid == 0) {
		int page = fcntl(memfd, F_DUPFD, 100), fd = fcntl(fds[0], F_DUPFD, 100);
		char *env[] = { NULL };

		/* All of them were moved out of the way of 4 and 5 first. */
		fcntl(ready[1], F_DUPFD, 100);
		dup2(page, GUARD_PAGE_FD);
		dup2(fd, 5);
		execle(host_path, host_path, "guard", "5", "unit-test-mark", (char *)NULL, env);
		_exit(127);
	}
	close(fds[0]);
	close(memfd);
	close(ready[1]);
	/* Its end comes when the guard has closed what is not its own. */
	assert_int_equal(read(ready[0], &c, 1), 0);
	close(ready[0]);
	g->pipe = fds[1];
}

static void the_guard_kills_what_carries_the_mark(void **state)
{
	struct guard g;
	int status;
	pid_t group;

	(void)state;
	guard_start(&g);
	group = fork();
	if (group == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(g.pipe);
		setpgid(0, 0);
		pause();
		_exit(0);
	}
	setpgid(group, group);
	g.groups[3] = group;
	g.groups[4] = 1;
	g.groups[5] = -1;
	close(g.pipe);
	assert_int_equal(waitpid(group, &status, 0), group);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(waitpid(g.victim, &status, 0), g.victim);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(waitpid(g.pid, &status, 0), g.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	munmap(g.groups, GUARD_GROUPS_MAX * sizeof(int32_t));
}

static void the_guard_goes_after_a_goodbye(void **state)
{
	struct guard g;
	const char bye = GUARD_BYE;
	int status;

	(void)state;
	guard_start(&g);
	assert_int_equal(write(g.pipe, &bye, 1), 1);
	close(g.pipe);
	assert_int_equal(waitpid(g.pid, &status, 0), g.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(waitpid(g.victim, &status, WNOHANG), 0);
	kill(g.victim, SIGKILL);
	waitpid(g.victim, &status, 0);
	munmap(g.groups, GUARD_GROUPS_MAX * sizeof(int32_t));
}

static void it_refuses_to_be_called_otherwise(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 2);
		dup2(null, HOST_PAGE_FD);
		execl(host_path, host_path, "serve", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 2);
}

/* Not a test: hand-outs of ten trivial tests for a while, and what one of them costs. */
static int measure(unsigned ntasks)
{
	const char *const names[] = { "trivial", "trivial", "trivial", "trivial", "trivial",
				      "trivial", "trivial", "trivial", "trivial", "trivial", NULL };
	struct timespec a, b;
	struct rusage ru;
	struct host h;
	unsigned i;
	double us;

	host_start(&h);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < ntasks; i++) {
		task_fill(&h, "host_plain", PAGE_CALL_TML, 0, names);
		host_go(&h);
		host_wait(&h);
		h.out.nbytes = h.err.nbytes = 0;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	us = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
	host_stop(&h);
	getrusage(RUSAGE_CHILDREN, &ru);
	printf("%.0f tests/s, %.1f us each; the host used %.1f us of CPU time for each\n",
	       ntasks * 10 / us * 1e6, us / ntasks / 10,
	       ((double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 +
		(double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec)) / ntasks / 10);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_is_cut_at_the_markers),
		cmocka_unit_test(modules_name_the_suite_with_its_build_id),
		cmocka_unit_test(what_was_closed_is_no_module_any_more),
		cmocka_unit_test(nocapture_writes_no_markers),
		cmocka_unit_test(what_a_test_changed_is_put_back),
		cmocka_unit_test(what_cannot_be_put_back_retires_the_host),
		cmocka_unit_test(a_thread_left_behind_is_named),
		cmocka_unit_test(a_daemon_left_behind_is_named_and_killed),
		cmocka_unit_test(a_forked_child_is_no_second_host),
		cmocka_unit_test(exit_from_a_test_leaves_it_started),
		cmocka_unit_test(a_crash_is_recorded),
		cmocka_unit_test(a_suites_own_handler_runs_after_ours),
		cmocka_unit_test(tml_returns_panics_and_leaks),
		cmocka_unit_test(a_crash_caught_by_tml_keeps_its_record),
		cmocka_unit_test(a_missing_suite_or_symbol_says_so),
		cmocka_unit_test(a_suite_that_is_not_the_planned_file_is_not_opened),
		cmocka_unit_test(suite_h_in_c_reports_both_values),
		cmocka_unit_test(what_is_cut_says_so),
		cmocka_unit_test(a_failure_after_the_verdict_is_said),
		cmocka_unit_test(suite_h_in_cxx_unwinds),
		cmocka_unit_test(fork_isolates_every_test),
		cmocka_unit_test(a_crash_in_a_fork_is_recorded),
		cmocka_unit_test(the_guard_kills_what_carries_the_mark),
		cmocka_unit_test(the_guard_goes_after_a_goodbye),
		cmocka_unit_test(it_refuses_to_be_called_otherwise),
	};
	char self[PATH_MAX - 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return 1;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	snprintf(host_path, sizeof(host_path), "%s/../../proctor-host", self);
	snprintf(suites_dir, sizeof(suites_dir), "%s/../suites", self);
	/* A hang is a failure; hosts die with the process that started them. */
	alarm(120);
	if (argc == 3 && strcmp(argv[1], "measure") == 0)
		return measure((unsigned)strtoul(argv[2], NULL, 10));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
