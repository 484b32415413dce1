/* SPDX-License-Identifier: MIT */
#include "host/functions.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FUNCTIONS_MAX 4093	/* slots of the runtime's table */
#define NAME_MAX_BYTES 4096	/* beyond what it stores: a name without an end is not followed */

struct table {			/* the runtime's, in one library */
	int32_t (*count)(void);
	const char *(*name)(int32_t i);
	int32_t (*hits)(int32_t i);
	void (*reset)(void);	/* NULL: it cannot be emptied */
	struct table *next;
};

/* Read by a signal handler, hence linked by one store. */
static _Atomic(struct table *) tables;
static bool written;		/* by this process, at least once */

struct out {
	int fd;
	bool failed;
	size_t n;
	char bytes[256];	/* small: a handler may run on a small stack */
};

static void *symbol_of(void *handle, const char *name)
{
	return dlsym(handle, name);
}

void functions_register(void *handle)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return;
	*(void **)&t->count = symbol_of(handle, "tml_get_func_count");
	*(void **)&t->name = symbol_of(handle, "tml_get_func_name");
	*(void **)&t->hits = symbol_of(handle, "tml_get_func_hits");
	*(void **)&t->reset = symbol_of(handle, "tml_reset_coverage");
	if (!t->count || !t->name || !t->hits) {
		free(t);
		return;
	}
	t->next = atomic_load(&tables);
	atomic_store(&tables, t);
}

static void out_flush(struct out *o)
{
	size_t done = 0;

	while (done < o->n && !o->failed) {
		ssize_t n = write(o->fd, o->bytes + done, o->n - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			o->failed = true;
	}
	o->n = 0;
}

static void out_add(struct out *o, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t room = sizeof(o->bytes) - o->n, part = n < room ? n : room;

		memcpy(o->bytes + o->n, bytes, part);
		o->n += part;
		bytes += part;
		n -= part;
		if (o->n == sizeof(o->bytes))
			out_flush(o);
	}
}

/* The digits end at `end`; returns where they begin. */
static char *digits_before(char *end, uint32_t number)
{
	do
		*--end = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return end;
}

static void out_add_number(struct out *o, uint32_t number)
{
	char digits[10], *end = digits + sizeof(digits), *at = digits_before(end, number);

	out_add(o, at, (size_t)(end - at));
}

/* A file for each process: children may write at the same time. */
static int file_open(const struct area *area)
{
	static char path[AREA_PATH_BYTES + 16];		/* not on a handler's stack */
	char digits[11], *at;
	size_t n = strnlen(area->functions, AREA_PATH_BYTES - 1);

	digits[10] = '\0';
	at = digits_before(digits + 10, (uint32_t)getpid());
	memcpy(path, area->functions, n);
	path[n] = '-';
	strcpy(path + n + 1, at);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
}

static void table_write(struct out *o, const struct table *t)
{
	int32_t count = t->count();

	for (int32_t i = 0; i < count && i < FUNCTIONS_MAX; i++) {
		const char *name = t->name(i);
		int32_t hits = t->hits(i);
		size_t n = name ? strnlen(name, NAME_MAX_BYTES) : 0;

		if (hits <= 0 || n == 0 || memchr(name, '\n', n))
			continue;
		out_add_number(o, (uint32_t)hits);
		out_add(o, " ", 1);
		out_add(o, name, n);
		out_add(o, "\n", 1);
	}
	if (t->reset)
		t->reset();
}

void functions_leave(struct area *area)
{
	struct table *t = atomic_load(&tables);
	struct out out = { .fd = -1 };

	if (!t || !area->functions[0])
		return;
	out.fd = file_open(area);
	if (out.fd < 0) {
		atomic_fetch_add(&area->functions_lost, 1);
		return;
	}
	out_add(&out, "#hits\n", 6);
	for (; t; t = t->next)
		table_write(&out, t);
	out_flush(&out);
	if (close(out.fd) < 0 || out.failed)
		atomic_fetch_add(&area->functions_lost, 1);
	else if (!written)
		atomic_fetch_add(&area->functions_written, 1);
	written = true;
}

void functions_lose_child(struct area *area)
{
	if (atomic_load(&tables))
		atomic_fetch_add(&area->functions_forked, 1);
}

void functions_in_child(struct area *area)
{
	functions_lose_child(area);
	written = false;
	for (struct table *t = atomic_load(&tables); t; t = t->next)
		if (t->reset)
			t->reset();
}
