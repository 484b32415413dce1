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

static void out_add_number(struct out *o, uint32_t number)
{
	char digits[10];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	out_add(o, digits + n, sizeof(digits) - n);
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
	out.fd = open(area->functions, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
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
	else
		atomic_fetch_add(&area->functions_written, 1);
}

void functions_forget(void)
{
	for (struct table *t = atomic_load(&tables); t; t = t->next)
		if (t->reset)
			t->reset();
}
