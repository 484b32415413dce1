/* SPDX-License-Identifier: MIT */
/* What only tests under TML's wrapper can do. Compiled into a library of its own. */
#include "tml_runtime.h"
#include "way.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NEIGHBOUR(0)

WAY(1, panic)
{
	tml_println("about to panic");
	tml_panic("the sky is falling");
}

NEIGHBOUR(2)

WAY(3, assertion)
{
	tml_assert(1 + 1 == 3);
	return 0;
}

NEIGHBOUR(4)

/* The test package's assertion. */
WAY(5, assertion_exits)
{
	tml_test_assert(0, "two equals three");
	return 0;
}

NEIGHBOUR(6)

WAY(7, caught_segv)
{
	raise(SIGSEGV);
	return 0;
}

/* Right after it: the signal was left blocked in the mask, a second one of its kind kills. */
WAY(8, caught_again)
{
	volatile int *nowhere = NULL;

	*nowhere = 1;
	return 0;
}

NEIGHBOUR(9)

static void panics(void)
{
	tml_panic("expected");
}

WAY(10, should_panic)
{
	return tml_should_panic(panics) ? 0 : 1;
}

NEIGHBOUR(11)

/* The inner catch has switched catching off: exit(1). */
WAY(12, panic_after_should_panic)
{
	if (!tml_should_panic(panics))
		return 1;
	tml_panic("nobody catches this");
}

NEIGHBOUR(13)

static void *thread_panics(void *arg)
{
	tml_panic("in a second thread");
	return arg;
}

/* Undefined in the runtime: it longjmps onto another thread's stack. */
WAY(14, panic_in_thread)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_panics, NULL) != 0)
		return 1;
	return pthread_join(thread, NULL);
}

NEIGHBOUR(15)

WAY(16, leaks)
{
	return tml_mem_alloc(100) && tml_mem_alloc(28) ? 0 : 1;
}

NEIGHBOUR(17)

WAY(18, prints)
{
	tml_print("one ");
	tml_println("line");
	rt_log(3, "module", "a log line");
	return 0;
}

NEIGHBOUR(19)

WAY(20, double_free)
{
	void *volatile ptr = malloc(64);

	free(ptr);
	free(ptr);
	return 0;
}

NEIGHBOUR(21)
