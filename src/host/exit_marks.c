/* SPDX-License-Identifier: MIT */
#include "host/exit_marks.h"

#include "host/marker.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* The suites that have run, one after the other: for each, exit_mark() is registered once. */
static struct {
	uint32_t *suites;
	size_t n, cap;
	bool lost;			/* one could not be noted: no marks at all then */
	struct page *page;		/* NULL: the host is not about to exit yet */
	const struct stdio *io;		/* NULL: no markers are written */
	const uint8_t *key;
	pid_t pid;
} marks;

static void turn_tell(void)
{
	uint32_t turn = marks.lost || marks.n == 0 ? 0 : marks.suites[marks.n - 1] + 1;

	atomic_store_explicit(&marks.page->exit_suite, turn, memory_order_relaxed);
}

static void exit_mark(void)
{
	uint32_t suite;

	/* No mark if a test called exit(), here or in a child: what is written then is that test's
	 * output. */
	if (!marks.page || marks.pid != getpid() || marks.lost || marks.n == 0)
		return;
	suite = marks.suites[--marks.n];
	if (marks.io) {
		stdio_flush();
		marker_write(marks.io, marks.key, MARKER_EXIT + suite);
	}
	turn_tell();
}

static bool room_make(void)
{
	size_t cap = marks.cap ? 2 * marks.cap : 64;
	uint32_t *suites;

	if (marks.n < marks.cap)
		return true;
	suites = realloc(marks.suites, cap * sizeof(*suites));
	if (!suites)
		return false;
	marks.suites = suites;
	marks.cap = cap;
	return true;
}

void exit_marks_suite(uint32_t number)
{
	if (marks.lost || (marks.n > 0 && marks.suites[marks.n - 1] == number))
		return;
	if (number >= MARKER_EXITS_MAX || !room_make() || atexit(exit_mark) != 0)
		marks.lost = true;
	else
		marks.suites[marks.n++] = number;
}

void exit_marks_start(struct page *page, const struct stdio *io, const uint8_t *key)
{
	/* Where only one suite has run, all that is written at the exit is its own. */
	if (marks.n < 2)
		return;
	marks.key = key;
	marks.pid = getpid();
	marks.io = io;
	marks.page = page;
	turn_tell();
}
