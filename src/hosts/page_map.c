/* SPDX-License-Identifier: MIT */
#include "hosts/page_map.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/futex.h"
#include "base/random.h"
#include "hosts/shared_page.h"

#define OVERWRITTEN "the progress page was overwritten: "
#define WAIT_US 1000000u
#define RECORD_FLAGS \
	(RECORD_LEAKY_THREAD | RECORD_LEAKY_PROCESS | RECORD_CHANGED | RECORD_OVERWROTE)

int page_check_limit(struct proctor_error *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur >= sizeof(struct page))
		return 0;
	return error_set(err, -EFBIG, "the limit of file sizes (ulimit -f), %llu bytes, is too small "
			 "for the progress page of a library's tests, %zu bytes",
			 (unsigned long long)limit.rlim_cur, sizeof(struct page));
}

int page_open(struct page_map *m, struct proctor_error *err)
{
	void *addr;
	int fd = shared_page_open("progress page", sizeof(struct page), &addr, err), ret;

	if (fd < 0)
		return fd;
	ret = random_draw(m->marker_key, sizeof(m->marker_key));
	if (ret < 0) {
		munmap(addr, sizeof(struct page));
		close(fd);
		return error_sys(err, -ret, "cannot draw a marker key");
	}
	m->page = addr;
	m->fd = fd;
	m->page->magic = PAGE_MAGIC;
	memcpy(m->page->marker_key, m->marker_key, sizeof(m->marker_key));
	return 0;
}

void page_close(struct page_map *m)
{
	if (!m->page)
		return;
	munmap(m->page, sizeof(struct page));
	m->page = NULL;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

void page_reset_task(struct page *p)
{
	memset(&p->task, 0, sizeof(p->task));
	memset(p->records, 0, sizeof(p->records));
	memset(&p->death.crash, 0, sizeof(p->death.crash));
	memset(&p->open_message, 0, sizeof(p->open_message));
	atomic_store_explicit(&p->ntexts, 0, memory_order_relaxed);
	atomic_store_explicit(&p->current, 0, memory_order_relaxed);
	atomic_store_explicit(&p->retire, RETIRE_NO, memory_order_relaxed);
}

int page_put_string(struct page *p, uint32_t *used, const char *text, uint32_t *offset)
{
	size_t nbytes = strlen(text) + 1;

	if (*used > PAGE_STRINGS_BYTES || nbytes > PAGE_STRINGS_BYTES - *used)
		return -ENOSPC;
	memcpy(p->strings + *used, text, nbytes);
	*offset = *used;
	*used += (uint32_t)nbytes;
	return 0;
}

void page_hand_out(struct page *p)
{
	/* Release: the host that sees the new count sees the task that was written before it. */
	atomic_fetch_add_explicit(&p->go, 1, memory_order_release);
	futex_wake(&p->go);
}

bool done_wait(_Atomic uint32_t *done, uint32_t seen)
{
	if (atomic_load_explicit(done, memory_order_acquire) == seen)
		futex_wait(done, seen, WAIT_US);
	return atomic_load_explicit(done, memory_order_acquire) != seen;
}

int page_read_state(const struct page_map *m, uint32_t ntests, struct page_state *state,
		    struct proctor_error *err)
{
	const struct page *p = m->page;
	uint32_t phase, retire, current, nmodules, i;
	uint64_t magic;
	bool begun = false;

	page_copy(&magic, &p->magic, sizeof(magic));
	if (magic != PAGE_MAGIC)
		return error_set(err, -EBADMSG, OVERWRITTEN "its magic number is gone");
	if (ntests > TASK_TESTS_MAX)
		return error_set(err, -EINVAL, "a task of %u tests", ntests);

	phase = atomic_load_explicit(&p->phase, memory_order_acquire);
	if (phase > PAGE_ENDING)
		return error_set(err, -EBADMSG, OVERWRITTEN "it names phase %u", phase);
	state->phase = (enum page_phase)phase;
	current = atomic_load_explicit(&p->current, memory_order_relaxed);
	if (current >= ntests && current > 0)
		return error_set(err, -EBADMSG, OVERWRITTEN "it says that test %u of %u runs",
				 current, ntests);
	retire = atomic_load_explicit(&p->retire, memory_order_relaxed);
	if (retire >= RETIRE_NRETIRES)
		return error_set(err, -EBADMSG, OVERWRITTEN "it names cause %u to be replaced",
				 retire);
	state->retire = (enum page_retire)retire;
	nmodules = atomic_load_explicit(&p->death.nmodules, memory_order_relaxed);
	if (nmodules > PAGE_MODULES_MAX)
		return error_set(err, -EBADMSG, OVERWRITTEN "it lists %u modules", nmodules);

	/* Last to first: a record starts after the one before it ended, so a host that goes on
	 * meanwhile can only make the earlier records look further on, never the later ones. */
	for (i = ntests; i-- > 0;) {
		uint32_t s = atomic_load_explicit(&p->records[i].state, memory_order_acquire);

		if (s > RECORD_ENDED)
			return error_set(err, -EBADMSG, OVERWRITTEN "record %u is in state %u", i,
					 s);
		if (begun && s != RECORD_ENDED)
			return error_set(err, -EBADMSG, OVERWRITTEN
					 "record %u started before record %u ended", i + 1, i);
		begun |= s != RECORD_NONE;
	}
	return 0;
}

/* Copies a text to the heap, NULL if there is none. -EBADMSG, -ENOMEM, without a sentence. */
static int text_copy(const struct page *p, struct page_text text, char **out)
{
	uint32_t i;

	*out = NULL;
	if (text.nbytes == 0)
		return 0;
	if (!range_fits(text.offset, text.nbytes, PAGE_TEXTS_BYTES))
		return -EBADMSG;
	*out = malloc((size_t)text.nbytes + 1);
	if (!*out)
		return -ENOMEM;
	page_copy(*out, p->texts + text.offset, text.nbytes);
	for (i = 0; i < text.nbytes; i++)
		if ((*out)[i] == '\0')
			(*out)[i] = '?';
	(*out)[text.nbytes] = '\0';
	return 0;
}

/* If there is no memory for a text, only the text is lost, not the record. */
static int record_copy_text(const struct page *p, struct page_text text, const char *what,
			    struct test_record *record, uint32_t index, char **out,
			    struct proctor_error *err)
{
	int ret = text_copy(p, text, out);

	if (ret == -EBADMSG)
		return error_set(err, ret, OVERWRITTEN "the %s of record %u is %u bytes at %u",
				 what, index, text.nbytes, text.offset);
	if (ret < 0)
		record->lost = true;
	return 0;
}

int page_read_record(const struct page *p, const struct test_record_bounds *ctx,
		     struct test_record *out, struct proctor_error *err)
{
	uint32_t i = ctx->index;
	struct page_record copy;
	uint64_t now_us;
	uint32_t s;
	int ret;

	memset(out, 0, sizeof(*out));
	if (ctx->ntests > TASK_TESTS_MAX || i >= ctx->ntests)
		return error_set(err, -EINVAL, "record %u of a task of %u tests", i, ctx->ntests);
	/* Acquire: what was written before the state was published is in the copy. */
	s = atomic_load_explicit(&p->records[i].state, memory_order_acquire);
	page_copy(&copy, &p->records[i], sizeof(copy));
	now_us = ctx->now_us ? ctx->now_us : clock_us();

	if (s > RECORD_ENDED)
		return error_set(err, -EBADMSG, OVERWRITTEN "record %u is in state %u", i, s);
	if (s == RECORD_NONE)
		return 0;
	if (copy.start_us < ctx->handed_us)
		return error_set(err, -EBADMSG, OVERWRITTEN
				 "record %u says it started before it could have", i);
	if (copy.start_us > now_us)
		return error_set(err, -EBADMSG, OVERWRITTEN
				 "record %u says it started in the future", i);
	if (s == RECORD_STARTED) {
		out->state = RECORD_STARTED;
		out->start_us = copy.start_us;
		return 0;
	}
	if (copy.end_us < copy.start_us)
		return error_set(err, -EBADMSG, OVERWRITTEN
				 "record %u says it ended before it started", i);
	if (copy.end_us > now_us)
		return error_set(err, -EBADMSG, OVERWRITTEN
				 "record %u says it ended in the future", i);
	if (copy.outcome >= OUTCOME_NOUTCOMES)
		return error_set(err, -EBADMSG, OVERWRITTEN "record %u has outcome %u", i,
				 copy.outcome);
	if (copy.flags & ~(uint32_t)RECORD_FLAGS)
		return error_set(err, -EBADMSG, OVERWRITTEN "record %u has flags 0x%x", i,
				 copy.flags);
	ret = record_copy_text(p, copy.message, "message", out, i, &out->message, err);
	if (ret < 0)
		goto fini;
	ret = record_copy_text(p, copy.backtrace, "backtrace", out, i, &out->backtrace, err);
	if (ret < 0)
		goto fini;
	ret = record_copy_text(p, copy.left, "list of what was left", out, i, &out->left, err);
	if (ret < 0)
		goto fini;
	out->state = RECORD_ENDED;
	out->outcome = (enum record_outcome)copy.outcome;
	out->flags = copy.flags;
	out->value = copy.value;
	out->start_us = copy.start_us;
	out->end_us = copy.end_us;
	out->user_us = copy.user_us;
	out->sys_us = copy.sys_us;
	out->max_rss_kb = copy.max_rss_kb;
	out->nleaks = copy.nleaks;
	out->leak_bytes = copy.leak_bytes;
	return 0;
fini:
	test_record_fini(out);
	return ret;
}

void test_record_fini(struct test_record *r)
{
	free(r->message);
	free(r->backtrace);
	free(r->left);
	memset(r, 0, sizeof(*r));
}

int page_read_open_message(const struct page *p, char **text, struct proctor_error *err)
{
	struct page_text copy;
	int ret;

	page_copy(&copy, &p->open_message, sizeof(copy));
	ret = text_copy(p, copy, text);
	if (ret == -EBADMSG)
		return error_set(err, ret, OVERWRITTEN "the reason why the suite did not open is "
				 "%u bytes at %u", copy.nbytes, copy.offset);
	if (ret < 0)
		return error_sys(err, -ret, "cannot copy why the suite did not open");
	return 0;
}
