/* SPDX-License-Identifier: MIT */
/* proctor-host: it opens libraries, runs many of their tests, and tells of them through a page. */
#include "base/clock.h"
#include "base/container.h"
#include "coverage/run_coverage.h"
#include "hosts/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct page_host {
	struct host host;
	struct page_map map;
	uint32_t done_seen;		/* the page's `done` when the task was handed out */
};

static struct page_host *page_host_of(struct host *h)
{
	return container_of(h, struct page_host, host);
}

static struct page *page_of(const struct host *h)
{
	return container_of(h, const struct page_host, host)->map.page;
}

/* ---- start ---- */

/* A library with thread-local variables of the kind initial-exec that is opened while the process
 * runs takes room from a small reserve of the loader's. A host opens many libraries, and needs more
 * of it than a program usually does. */
static int host_widen_tls(struct child_environment *env)
{
	static const char tunable[] = "glibc.rtld.optional_static_tls=65536";
	const char *old = child_environment_get(env, "GLIBC_TUNABLES");

	if (!old)
		return child_environment_set(env, "GLIBC_TUNABLES", "%s", tunable);
	if (strstr(old, "glibc.rtld.optional_static_tls"))
		return 0;
	return child_environment_set(env, "GLIBC_TUNABLES", "%s:%s", old, tunable);
}

static int page_host_open(struct page_host *ph, struct proctor_error *err)
{
	int ret;

	ph->map.fd = -1;
	ret = page_open(&ph->map, err);
	if (ret < 0)
		return ret;
	ph->map.fd = fd_high(ph->map.fd);
	if (ph->map.fd < 0)
		return error_sys(err, -ph->map.fd, "cannot keep a progress page");
	ph->map.page->leak_us = ph->host.launch->options->leak_us;
	return 0;
}

static int page_host_prepare(struct host *h, const struct task *task, struct start *start,
			     struct proctor_error *err)
{
	struct page_host *ph = page_host_of(h);
	int ret = page_host_open(ph, err);

	if (ret < 0)
		return ret;
	ret = host_widen_tls(&start->env);
	if (ret < 0)
		return error_set(err, ret, "no memory for the environment of %s", task->suite->path);
	start->path = h->launch->host_path;
	start->leads = true;
	start_add_fd(start, ph->map.fd, HOST_PAGE_FD);
	start_add_word(start, "proctor-host");
	start_add_word(start, "serve");
	if (task->suite->sanitizer != SANITIZER_NONE)
		start_add_word(start, "sanitized");
	if (h->counts)
		start_add_word(start, "coverage");
	start_add_word(start, "temp");
	start_add_word(start, h->temp);
	if (h->launch->temp_dirs->keep)
		start_add_word(start, "keep-temp");
	return 0;
}

static void page_host_explain(const struct task *task, struct proctor_error *err)
{
	(void)task, (void)err;
}

static void page_host_close(struct host *h)
{
	page_close(&page_host_of(h)->map);
}

/* ---- work ---- */

static uint32_t page_task_flags(const struct host *h, const struct suite *suite)
{
	const struct proctor_options *options = h->launch->options;

	return (host_closes(h, suite) ? PAGE_CLOSES : 0) |
	       (h->settings->isolation == PROCTOR_ISOLATION_FORK ? PAGE_FORK : 0) |
	       (options->backtrace ? PAGE_BACKTRACE : 0) |
	       (options->no_check_leaks ? 0 : PAGE_LEAKS) |
	       (options->nocapture ? PAGE_NOCAPTURE : 0) |
	       (suite->sanitizer != SANITIZER_NONE ? PAGE_SANITIZED : 0);
}

/* Which of the host's suites it is. */
static uint32_t host_suite_number(const struct host *h, const struct suite *suite)
{
	uint32_t i = 0;

	while (i < h->nsuites && h->suites[i] != suite)
		i++;
	return i;
}

static enum page_call test_call(const struct test *test)
{
	if (test->missing)
		return PAGE_CALL_MISSING;
	return test->suite->adapter->call;
}

static int page_fill(struct host *h, const struct task *task)
{
	struct page *p = page_of(h);
	uint32_t used = 0;
	int ret = page_put_string(p, &used, task->suite->path, &p->task.path);

	p->task.suite_number = host_suite_number(h, task->suite);
	if (ret == 0)
		ret = page_put_string(p, &used, task->suite->name, &p->task.suite);
	for (unsigned i = 0; ret == 0 && i < task->ntests; i++) {
		const struct test *test = item_test(h->launch->plan, task_item(task, i));
		struct page_test *pt = &p->task.tests[i];

		pt->call = test_call(test);
		pt->serial = h->next_serial + i;
		ret = page_put_string(p, &used, test->missing ? test->missing : test->symbol,
				      &pt->symbol);
		if (ret == 0)
			ret = page_put_string(p, &used, test->pub.name, &pt->name);
		if (ret == 0)
			ret = page_put_string(p, &used, test->pub.file, &pt->file);
	}
	p->task.nstrings = used;
	return ret;
}

static int page_host_hand_out(struct host *h, const struct task *task, struct proctor_error *err)
{
	struct page_host *ph = page_host_of(h);
	struct page *p = ph->map.page;

	page_reset_task(p);
	p->task.command = PAGE_TASK;
	p->task.flags = page_task_flags(h, task->suite);
	p->task.ntests = task->ntests;
	p->task.file = task->suite->file;
	if (page_fill(h, task) < 0)
		return error_set(err, -ENOSPC, "the names of suite %s are too long to hand to a "
				 "host", task->suite->name);
	if (host_note_tests(h, task, err) < 0)
		return err->code;
	if (!host_begin(h, task))
		return -ECANCELED;
	h->next_serial += task->ntests;
	ph->done_seen = atomic_load(&p->done) & ~PAGE_DEAD;
	page_hand_out(p);
	return 0;
}

static void page_host_tell_end(struct host *h)
{
	struct page *p = page_of(h);

	p->task.command = PAGE_END;
	page_hand_out(p);
}

static _Atomic uint32_t *page_host_word(struct host *h)
{
	return &page_of(h)->done;
}

/* Any change counts: if it was a test that wrote here, the checks of the page find that out. */
static bool page_host_is_done(const struct host *h, uint32_t word)
{
	return (word & ~PAGE_DEAD) != container_of(h, const struct page_host, host)->done_seen;
}

static struct progress page_host_progress(const struct host *h, const struct host_work *work,
					  uint64_t now_us)
{
	const struct hand_out out = { .page = page_of(h), .ntests = work->task.ntests,
				      .ending = work->ending, .handed_us = work->handed_us };

	return progress_read(&out, now_us);
}

/* A test may have written there: the caller checks the number. */
static uint32_t page_host_exit_turn(const struct host *h)
{
	return atomic_load_explicit(&page_of(h)->exit_suite, memory_order_relaxed);
}

static const uint8_t *page_host_marker_key(const struct host *h)
{
	return container_of(h, const struct page_host, host)->map.marker_key;
}

static unsigned page_host_output(struct host *h, const char *bytes, size_t nbytes,
				 const struct output_cut **cuts)
{
	(void)h, (void)bytes, (void)nbytes, (void)cuts;
	return 0;
}

static void page_host_died(struct host *h)
{
	(void)h;
}

/* ---- evidence ---- */

/* If the page fails its checks, there is no evidence of the crash: then only the death is told. */
static void page_host_read_crash(const struct host *h, struct evidence *e)
{
	const struct page *p = page_of(h);

	if (crash_page_crash(&p->death, &e->crash, NULL) < 0 || e->crash.state != CRASH_WRITTEN)
		return;
	if (crash_page_modules(&p->death, &e->modules, NULL) < 0)
		e->modules = (struct module_list){ 0 };
}

/* The records of the tests that have ended, in order, up to the first that fails its checks. */
static void read_ended(const struct page *p, uint64_t handed_us, unsigned ntests, struct evidence *e)
{
	uint64_t after_us = handed_us;

	for (; e->nheld < e->progress.nended; e->nheld++) {
		struct test_record_bounds ctx = { .handed_us = after_us, .ntests = ntests,
						   .index = e->nheld };
		struct test_record *record = &e->tests[e->nheld].record;

		if (page_read_record(p, &ctx, record, &e->doubt) < 0)
			return;
		after_us = record->end_us;
	}
}

/* The start of the test that was running; the hand-out's, if the record fails its checks. */
static uint64_t read_start_us(const struct page *p, uint64_t handed_us, unsigned ntests, unsigned i)
{
	struct test_record_bounds ctx = { .handed_us = handed_us, .ntests = ntests, .index = i };
	struct test_record record;
	uint64_t start_us;

	if (page_read_record(p, &ctx, &record, NULL) < 0)
		return handed_us;
	start_us = record.start_us;
	test_record_fini(&record);
	return start_us ? start_us : handed_us;
}

static void page_host_read(struct host *h, const struct task *task, bool over, struct evidence *e)
{
	const struct page_map *map = &page_host_of(h)->map;
	uint64_t handed_us = h->shared.work.handed_us;
	struct page_state state;

	page_host_read_crash(h, e);
	if (page_read_state(map, task->ntests, &state, &e->doubt) < 0)
		return;
	e->retire = state.retire != RETIRE_NO;
	e->opening = state.phase == PAGE_OPENING;
	e->progress = page_host_progress(h, &h->shared.work, clock_us());
	read_ended(map->page, handed_us, task->ntests, e);
	e->open_failed = state.retire == RETIRE_OPEN_FAILED;
	if (e->open_failed)
		page_read_open_message(map->page, &e->open_message, NULL);
	if (e->progress.phase == PROGRESS_TEST)
		e->start_us = read_start_us(map->page, handed_us, task->ntests, e->progress.nended);
	if (e->doubt.code == 0 && !over && !e->retire && e->progress.nended < task->ntests)
		error_set(&e->doubt, -EBADMSG, "the progress page was overwritten: it said that the "
			  "task was done after %u of %u tests", e->progress.nended, task->ntests);
}

const struct host_ops page_host_ops = {
	.name = "proctor-host",
	.nbytes = sizeof(struct page_host),
	.tests_max = TASK_TESTS_MAX,
	.prepare = page_host_prepare,
	.explain = page_host_explain,
	.hand_out = page_host_hand_out,
	.tell_end = page_host_tell_end,
	.word = page_host_word,
	.is_done = page_host_is_done,
	.progress = page_host_progress,
	.start_us = host_progress_start_us,
	.exit_turn = page_host_exit_turn,
	.marker_key = page_host_marker_key,
	.output = page_host_output,
	.died = page_host_died,
	.read = page_host_read,
	.read_crash = page_host_read_crash,
	.close = page_host_close,
};
