/* SPDX-License-Identifier: MIT */
#include "hosts/crash_map.h"
#include "hosts/page_map.h"
#include "hosts/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/futex.h"

#define NSCRIBBLES 5000
#define NTESTS 4
#define WATCHDOG_S 120
#define SOAK_WATCHDOG_S 3600

static struct page_map map;

static struct progress progress_now(void)
{
	const struct hand_out out = { .page = map.page, .ntests = NTESTS };

	return progress_read(&out, clock_us());
}

/* The page as an honest host leaves it: two tests ended, the third runs. */
static void page_fill(uint64_t since_us)
{
	struct page *p = map.page;
	struct page_record *r = p->records;
	uint32_t i;

	page_reset_task(p);
	p->magic = PAGE_MAGIC;
	memcpy(p->marker_key, map.marker_key, sizeof(p->marker_key));
	p->task.ntests = NTESTS;
	atomic_store(&p->done, 0);
	atomic_store(&p->phase, PAGE_RUNNING);
	atomic_store(&p->current, 2);
	for (i = 0; i < 3; i++) {
		r[i].start_us = since_us + i * 10;
		r[i].end_us = since_us + i * 10 + 9;
		r[i].value = (int32_t)i;
		atomic_store(&r[i].state, i < 2 ? RECORD_ENDED : RECORD_STARTED);
	}
	memcpy(p->texts, "first\0\xff" "back", 11);
	r[0].message.nbytes = 7;
	r[1].backtrace.offset = 7;
	r[1].backtrace.nbytes = 4;
	r[1].outcome = OUTCOME_PANICKED;
	r[1].flags = RECORD_LEAKY_THREAD;
	memcpy(p->texts + PAGE_TEXTS_BYTES - 3, "end", 3);
	r[1].left.offset = PAGE_TEXTS_BYTES - 3;
	r[1].left.nbytes = 3;

	p->death.crash.signal = SIGSEGV;
	p->death.crash.nregs = 17;
	p->death.crash.regs[16] = 0x1234;
	p->death.crash.stack_address = 0x7ffc0000;
	p->death.crash.nstack = PAGE_STACK_BYTES;
	atomic_store(&p->death.crash.state, CRASH_WRITTEN);

	memcpy(p->death.module_paths, "/lib/a.so/lib/b\0so", 18);
	for (i = 0; i < 2; i++) {
		p->death.modules[i].address = p->death.modules[i].start = 0x1000 * (i + 1);
		p->death.modules[i].end = p->death.modules[i].start + 0x800;
		p->death.modules[i].path = 9 * i;
		p->death.modules[i].npath = 9;
		p->death.modules[i].nbuild_id = 20;
		memset(p->death.modules[i].build_id, 0xab, PAGE_BUILD_ID_MAX);
	}
	atomic_store(&p->death.nmodules, 2);
}

static int record_read(uint32_t i, uint64_t handed_us, struct test_record *r, struct proctor_error *err)
{
	struct test_record_bounds ctx = { .handed_us = handed_us, .ntests = NTESTS, .index = i };

	return page_read_record(map.page, &ctx, r, err);
}

/* Reading record `i` must fail with a sentence that ends with `why`. */
static void assert_record_refused(uint32_t i, uint64_t handed_us, const char *why)
{
	static const char said[] = "the progress page was overwritten: ";
	struct proctor_error err;
	struct test_record r;

	assert_int_equal(record_read(i, handed_us, &r, &err), -EBADMSG);
	assert_memory_equal(err.text, said, sizeof(said) - 1);
	assert_string_equal(err.text + sizeof(said) - 1, why);
	assert_null(r.message);
	assert_int_equal(r.state, RECORD_NONE);
}

static int page_set_up(void **state)
{
	(void)state;
	alarm(getenv("PROCTOR_SOAK") ? SOAK_WATCHDOG_S : WATCHDOG_S);
	return page_open(&map, NULL);
}

static int page_tear_down(void **state)
{
	(void)state;
	alarm(0);
	page_close(&map);
	return 0;
}

static void a_new_page_has_a_key_of_its_own_and_cannot_be_resized(void **state)
{
	static const uint8_t zero[MARKER_KEY_BYTES];
	struct page_map m = { 0 };

	(void)state;
	assert_int_equal(page_open(&m, NULL), 0);
	assert_true(m.page->magic == PAGE_MAGIC);
	assert_memory_equal(m.page->marker_key, m.marker_key, MARKER_KEY_BYTES);
	assert_memory_not_equal(m.marker_key, map.marker_key, MARKER_KEY_BYTES);
	assert_memory_not_equal(m.marker_key, zero, MARKER_KEY_BYTES);
	assert_int_equal(fcntl(m.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(ftruncate(m.fd, 0), -1);
	assert_int_equal(errno, EPERM);
	page_close(&m);
	assert_null(m.page);
	assert_int_equal(m.fd, -1);
	page_close(&m);
}

static void strings_fill_the_page_to_its_last_byte(void **state)
{
	static char text[PAGE_STRINGS_BYTES];
	uint32_t used = 0, offset = 99;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	assert_int_equal(page_put_string(map.page, &used, "suite", &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(used, 6);
	assert_int_equal(page_put_string(map.page, &used, text, &offset), -ENOSPC);
	assert_int_equal(page_put_string(map.page, &used, text + 5, &offset), -ENOSPC);
	assert_int_equal(used, 6);
	assert_int_equal(page_put_string(map.page, &used, text + 6, &offset), 0);
	assert_int_equal(offset, 6);
	assert_int_equal(used, PAGE_STRINGS_BYTES);
	assert_int_equal(page_put_string(map.page, &used, "", &offset), -ENOSPC);
	assert_string_equal(map.page->strings, "suite");
	assert_string_equal(map.page->strings + 6, text + 6);
}

static void a_reset_leaves_nothing_of_the_former_task(void **state)
{
	struct page_state s;
	struct crash c;
	struct test_record r;
	char *text;

	(void)state;
	page_fill(clock_us() - 1000);
	map.page->open_message.nbytes = 5;
	page_reset_task(map.page);
	assert_int_equal(page_read_state(&map, NTESTS, &s, NULL), 0);
	assert_int_equal(record_read(0, 0, &r, NULL), 0);
	assert_int_equal(r.state, RECORD_NONE);
	assert_int_equal(crash_page_crash(&map.page->death, &c, NULL), 0);
	assert_int_equal(c.state, CRASH_NONE);
	assert_int_equal(page_read_open_message(map.page, &text, NULL), 0);
	assert_null(text);
}

static _Atomic pid_t host_tid;

static void *host_answer(void *arg)
{
	struct page *p = arg;

	atomic_store(&host_tid, gettid());
	while (atomic_load(&p->go) == 0)
		futex_wait(&p->go, 0, CLOCK_NEVER);
	atomic_store(&p->done, 1);
	futex_wake(&p->done);
	return NULL;
}

/* Whether the thread sleeps in the kernel. */
static bool thread_sleeps(pid_t tid)
{
	char path[64], stat[256], *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(stat, sizeof(stat), f));
	fclose(f);
	state = strrchr(stat, ')');
	return state && state[2] == 'S';
}

static void a_hand_out_wakes_the_host_and_its_answer_the_worker(void **state)
{
	pthread_t host;

	(void)state;
	page_reset_task(map.page);
	atomic_store(&map.page->done, 0);
	atomic_store(&map.page->go, 0);
	assert_int_equal(pthread_create(&host, NULL, host_answer, map.page), 0);
	while (atomic_load(&host_tid) == 0 || !thread_sleeps(atomic_load(&host_tid)))
		sched_yield();
	page_hand_out(map.page);
	while (!done_wait(&map.page->done, 0))
		;
	assert_int_equal(atomic_load(&map.page->done), 1);
	pthread_join(host, NULL);
}

static void a_wait_that_nobody_ends_takes_a_second(void **state)
{
	uint64_t begin_us = clock_us();

	(void)state;
	atomic_store(&map.page->done, 7);
	assert_false(done_wait(&map.page->done, 7));
	assert_true(clock_us() - begin_us >= 900000);
	assert_true(done_wait(&map.page->done, 6));
}

static void an_honest_page_is_read_as_it_was_written(void **state)
{
	uint64_t since_us = clock_us() - 1000;
	struct module_list list;
	struct page_state s;
	struct test_record r;
	struct crash c;

	(void)state;
	page_fill(since_us);
	atomic_store(&map.page->done, PAGE_DEAD | 3);
	assert_int_equal(page_read_state(&map, NTESTS, &s, NULL), 0);
	assert_int_equal(s.phase, PAGE_RUNNING);
	assert_int_equal(progress_now().nended, 2);
	assert_int_equal(progress_now().phase, PROGRESS_TEST);

	assert_int_equal(record_read(0, since_us, &r, NULL), 0);
	assert_int_equal(r.state, RECORD_ENDED);
	assert_true(r.start_us == since_us && r.end_us == since_us + 9);
	assert_string_equal(r.message, "first?\xff");
	assert_null(r.backtrace);
	test_record_fini(&r);
	assert_int_equal(record_read(1, since_us + 9, &r, NULL), 0);
	assert_int_equal(r.outcome, OUTCOME_PANICKED);
	assert_int_equal(r.flags, RECORD_LEAKY_THREAD);
	assert_int_equal(r.value, 1);
	assert_string_equal(r.backtrace, "back");
	assert_string_equal(r.left, "end");
	test_record_fini(&r);
	assert_null(r.left);
	assert_int_equal(record_read(2, since_us, &r, NULL), 0);
	assert_int_equal(r.state, RECORD_STARTED);
	assert_true(r.start_us == since_us + 20 && r.end_us == 0);
	assert_int_equal(record_read(3, since_us, &r, NULL), 0);
	assert_int_equal(r.state, RECORD_NONE);

	assert_int_equal(crash_page_crash(&map.page->death, &c, NULL), 0);
	assert_int_equal(c.state, CRASH_WRITTEN);
	assert_int_equal(c.signal, SIGSEGV);
	assert_true(c.regs[16] == 0x1234 && c.nstack == PAGE_STACK_BYTES);
	crash_fini(&c);
	assert_int_equal(crash_page_modules(&map.page->death, &list, NULL), 0);
	assert_int_equal(list.nmodules, 2);
	assert_string_equal(list.modules[0].path, "/lib/a.so");
	assert_string_equal(list.modules[1].path, "/lib/b?so");
	assert_true(list.modules[1].address == 0x2000 && list.modules[1].nbuild_id == 20);
	module_list_fini(&list);
}

static void times_must_follow_each_other(void **state)
{
	uint64_t since_us = clock_us() - 1000;
	struct page_record *rec = map.page->records;
	struct test_record_bounds ctx = { since_us, since_us + 8, NTESTS, 0 };
	struct proctor_error err;
	struct test_record r;

	(void)state;
	page_fill(since_us);
	assert_record_refused(0, since_us + 1, "record 0 says it started before it could have");
	rec[1].end_us = rec[1].start_us - 1;
	assert_record_refused(1, since_us, "record 1 says it ended before it started");
	rec[1].end_us = UINT64_MAX;
	assert_record_refused(1, since_us, "record 1 says it ended in the future");
	rec[2].start_us = UINT64_MAX;
	assert_record_refused(2, since_us, "record 2 says it started in the future");
	/* A time that the run itself noted counts like the present one. */
	assert_int_equal(page_read_record(map.page, &ctx, &r, &err), -EBADMSG);
	ctx.now_us++;
	assert_int_equal(page_read_record(map.page, &ctx, &r, &err), 0);
	test_record_fini(&r);
}

static void a_records_fields_must_be_in_range(void **state)
{
	uint64_t since_us = clock_us() - 1000;
	struct page_record *rec = map.page->records;

	(void)state;
	page_fill(since_us);
	rec[0].outcome = OUTCOME_NOUTCOMES;
	assert_record_refused(0, 0, "record 0 has outcome 7");
	page_fill(since_us);
	rec[0].flags = 1u << 31;
	assert_record_refused(0, 0, "record 0 has flags 0x80000000");
	page_fill(since_us);
	atomic_store(&rec[0].state, 3);
	assert_record_refused(0, 0, "record 0 is in state 3");
}

static void a_text_must_lie_within_the_texts(void **state)
{
	uint64_t since_us = clock_us() - 1000;
	struct page_record *rec = map.page->records;
	struct proctor_error err;
	char *text;

	(void)state;
	page_fill(since_us);
	rec[1].left.nbytes = 4;
	assert_record_refused(1, 0, "the list of what was left of record 1 is 4 bytes at 262141");
	page_fill(since_us);
	rec[0].message.offset = 16;
	rec[0].message.nbytes = UINT32_MAX - 8;
	assert_record_refused(0, 0, "the message of record 0 is 4294967287 bytes at 16");
	page_fill(since_us);
	rec[1].backtrace.offset = UINT32_MAX;
	assert_record_refused(1, 0, "the backtrace of record 1 is 4 bytes at 4294967295");
	map.page->open_message.offset = PAGE_TEXTS_BYTES;
	map.page->open_message.nbytes = 1;
	assert_int_equal(page_read_open_message(map.page, &text, &err), -EBADMSG);
	assert_null(text);
}

static void assert_state_refused(const char *why)
{
	struct proctor_error err;
	struct page_state s;

	assert_int_equal(page_read_state(&map, NTESTS, &s, &err), -EBADMSG);
	assert_non_null(strstr(err.text, why));
}

static void the_page_as_a_whole_is_checked(void **state)
{
	struct page *p = map.page;
	char why[64];

	(void)state;
	page_fill(1);
	p->magic ^= 1;
	assert_state_refused("its magic number is gone");
	page_fill(1);
	atomic_store(&p->phase, PAGE_ENDING + 1);
	assert_state_refused("it names phase 5");
	page_fill(1);
	atomic_store(&p->current, NTESTS);
	assert_state_refused("it says that test 4 of 4 runs");
	page_fill(1);
	atomic_store(&p->retire, RETIRE_NRETIRES);
	snprintf(why, sizeof(why), "it names cause %d to be replaced", RETIRE_NRETIRES);
	assert_state_refused(why);
	page_fill(1);
	atomic_store(&p->death.nmodules, PAGE_MODULES_MAX + 1);
	assert_state_refused("it lists 1025 modules");
}

static void records_end_in_order(void **state)
{
	struct page_record *rec = map.page->records;
	uint32_t states[NTESTS], k;
	unsigned n, nvalid = 0;

	(void)state;
	page_fill(1);
	/* Every combination: valid are those of some ended, then at most one started, then none. */
	for (n = 0; n < 1u << (2 * NTESTS); n++) {
		bool in_order = true;
		struct page_state s;
		struct progress p;

		for (k = 0; k < NTESTS; k++) {
			states[k] = n >> (2 * k) & 3;
			atomic_store(&rec[k].state, states[k]);
			if (states[k] > RECORD_ENDED)
				in_order = false;
			if (k > 0 && states[k] != RECORD_NONE && states[k - 1] != RECORD_ENDED)
				in_order = false;
		}
		assert_int_equal(page_read_state(&map, NTESTS, &s, NULL), in_order ? 0 : -EBADMSG);
		if (!in_order)
			continue;
		nvalid++;
		p = progress_now();
		for (k = 0; k < p.nended; k++)
			assert_int_equal(states[k], RECORD_ENDED);
		assert_int_equal(p.phase == PROGRESS_TEST, k < NTESTS && states[k] == RECORD_STARTED);
		if (k < NTESTS)
			assert_int_not_equal(states[k], RECORD_ENDED);
	}
	assert_int_equal(nvalid, 2 * NTESTS + 1);
}

static void a_crash_record_is_checked(void **state)
{
	struct page_crash *crash = &map.page->death.crash;
	struct proctor_error err;
	struct crash c;

	(void)state;
	page_fill(1);
	crash->signal = SIGRTMAX + 1;
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), -EBADMSG);
	crash->signal = 0;
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), -EBADMSG);
	page_fill(1);
	crash->nregs = PAGE_REGS_MAX + 1;
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), -EBADMSG);
	page_fill(1);
	crash->nstack = PAGE_STACK_BYTES + 1;
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), -EBADMSG);
	page_fill(1);
	crash->stack_address = UINT64_MAX - 8;
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), -EBADMSG);
	assert_null(c.stack);
	page_fill(1);
	atomic_store(&crash->state, CRASH_WRITTEN + 1);
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), -EBADMSG);
	crash->nregs = UINT32_MAX;
	atomic_store(&crash->state, CRASH_WRITING);
	assert_int_equal(crash_page_crash(&map.page->death, &c, &err), 0);
	assert_int_equal(c.state, CRASH_WRITING);
}

static void modules_are_checked(void **state)
{
	struct page_module *mod = map.page->death.modules;
	struct module_list list;
	struct proctor_error err;
	uint32_t i;

	(void)state;
	page_fill(1);
	atomic_store(&map.page->death.nmodules, PAGE_MODULES_MAX + 1);
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), -EBADMSG);
	page_fill(1);
	mod[1].path = PAGE_MODULE_PATHS_BYTES - 8;
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), -EBADMSG);
	page_fill(1);
	mod[1].npath = PATH_MAX;
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), -EBADMSG);
	page_fill(1);
	mod[0].nbuild_id = PAGE_BUILD_ID_MAX + 1;
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), -EBADMSG);
	page_fill(1);
	mod[0].end = mod[0].start - 1;
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), -EBADMSG);
	/* Many paths that share their bytes would be longer together than all there can be. */
	page_fill(1);
	for (i = 0; i < 40; i++) {
		mod[i] = mod[0];
		mod[i].npath = PATH_MAX - 1;
	}
	atomic_store(&map.page->death.nmodules, 40);
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), -EBADMSG);
	assert_null(list.modules);
	assert_null(list.paths);
	page_fill(1);
	atomic_store(&map.page->death.nmodules, 0);
	assert_int_equal(crash_page_modules(&map.page->death, &list, &err), 0);
	assert_int_equal(list.nmodules, 0);
}

/* What was read must satisfy whoever reads it; sanitizers watch the rest. */
static void all_read(void)
{
	struct module_list list;
	struct proctor_error err;
	struct page_state s;
	struct test_record r;
	struct crash c;
	char *text;
	uint32_t i;
	size_t k;

	if (page_read_state(&map, NTESTS, &s, &err) == 0)
		assert_in_range(progress_now().nended, 0, NTESTS);
	for (i = 0; i < NTESTS; i++) {
		if (record_read(i, 1, &r, &err) != 0)
			continue;
		assert_true(r.state != RECORD_ENDED || r.start_us <= r.end_us);
		assert_true(!r.message || strlen(r.message) <= PAGE_TEXTS_BYTES);
		test_record_fini(&r);
	}
	if (crash_page_crash(&map.page->death, &c, &err) == 0) {
		assert_true(c.nregs <= PAGE_REGS_MAX && c.nstack <= PAGE_STACK_BYTES);
		crash_fini(&c);
	}
	if (crash_page_modules(&map.page->death, &list, &err) == 0) {
		for (k = 0; k < list.nmodules; k++)
			assert_true(strlen(list.modules[k].path) < PATH_MAX);
		module_list_fini(&list);
	}
	if (page_read_open_message(map.page, &text, &err) == 0)
		free(text);
}

/* Strikes a field, an edge of its range, or a whole stretch of the page. */
static void page_scribble(struct page *p)
{
	static const uint32_t edges[] = {
		0, 1, 2, 3, 10, PAGE_TEXTS_BYTES - 1, PAGE_TEXTS_BYTES, INT32_MAX, UINT32_MAX,
	};
	/* The fields stand between the strings and the texts: half of the strikes go there. */
	size_t begin = offsetof(struct page, done), end = offsetof(struct page, death.modules[3]);
	size_t at = begin + (size_t)random() % (end - begin), n;
	unsigned char *bytes = (unsigned char *)p;

	switch (random() % 4) {
	case 0:
		bytes[at] ^= (unsigned char)(1u << random() % 8);
		break;
	case 1:
	case 2:
		memcpy(bytes + at / 4 * 4, &edges[(size_t)random() % 9], 4);
		break;
	case 3:
		at = (size_t)random() % sizeof(*p);
		n = (size_t)random() % 4096;
		if (n > sizeof(*p) - at)
			n = sizeof(*p) - at;
		memset(bytes + at, (int)random(), n);
		break;
	}
}

static unsigned nscribbles(void)
{
	return getenv("PROCTOR_SOAK") ? 100 * NSCRIBBLES : NSCRIBBLES;
}

static void a_scribbled_page_is_refused_or_read_within_bounds(void **state)
{
	unsigned i, k;

	(void)state;
	srandom(1);
	for (i = 0; i < nscribbles(); i++) {
		page_fill(clock_us() - 1000);
		for (k = 0; k <= i % 8; k++)
			page_scribble(map.page);
		all_read();
	}
}

static _Atomic bool scribbling;

/* Through a mapping of its own, as another process would. */
__attribute__((no_sanitize("thread"))) static void *scribbler_run(void *arg)
{
	volatile uint32_t *words = arg;
	uint32_t n = 1;

	while (atomic_load(&scribbling)) {
		size_t first = offsetof(struct page, done) / 4;
		size_t last = offsetof(struct page, death.modules[3]) / 4;

		n = n * 1664525u + 1013904223u;
		words[first + (n >> 8) % (last - first)] = n % 3 ? n % 16 : n;
	}
	return NULL;
}

static void a_page_that_changes_while_it_is_read_is_harmless(void **state)
{
	void *other = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, map.fd,
			   0);
	pthread_t scribbler;
	unsigned i;

	(void)state;
	assert_ptr_not_equal(other, MAP_FAILED);
	atomic_store(&scribbling, true);
	assert_int_equal(pthread_create(&scribbler, NULL, scribbler_run, other), 0);
	for (i = 0; i < nscribbles() / 5; i++) {
		page_fill(clock_us() - 1000);
		all_read();
		all_read();
	}
	atomic_store(&scribbling, false);
	pthread_join(scribbler, NULL);
	munmap(other, sizeof(struct page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_page_has_a_key_of_its_own_and_cannot_be_resized),
		cmocka_unit_test(strings_fill_the_page_to_its_last_byte),
		cmocka_unit_test(a_reset_leaves_nothing_of_the_former_task),
		cmocka_unit_test(a_hand_out_wakes_the_host_and_its_answer_the_worker),
		cmocka_unit_test(a_wait_that_nobody_ends_takes_a_second),
		cmocka_unit_test(an_honest_page_is_read_as_it_was_written),
		cmocka_unit_test(times_must_follow_each_other),
		cmocka_unit_test(a_records_fields_must_be_in_range),
		cmocka_unit_test(a_text_must_lie_within_the_texts),
		cmocka_unit_test(the_page_as_a_whole_is_checked),
		cmocka_unit_test(records_end_in_order),
		cmocka_unit_test(a_crash_record_is_checked),
		cmocka_unit_test(modules_are_checked),
		cmocka_unit_test(a_scribbled_page_is_refused_or_read_within_bounds),
		cmocka_unit_test(a_page_that_changes_while_it_is_read_is_harmless),
	};

	return cmocka_run_group_tests(tests, page_set_up, page_tear_down);
}
