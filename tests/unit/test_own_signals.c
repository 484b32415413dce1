/* SPDX-License-Identifier: MIT */
#include "run/own_signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_ends_a_process_ends_the_run(void **state)
{
	static const int ends[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGUSR2,
		SIGALRM, SIGTERM, SIGSTKFLT, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSYS,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		assert_int_equal(signal_use(ends[i]), SIGNAL_END);
	for (int signo = SIGRTMIN; signo <= SIGRTMAX; signo++)
		assert_int_equal(signal_use(signo), SIGNAL_END);
}

static void what_does_no_harm_is_left(void **state)
{
	static const int left[] = {
		SIGKILL, SIGSTOP, SIGCONT, SIGURG, SIGWINCH, SIGPIPE, SIGXFSZ,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		assert_int_equal(signal_use(left[i]), SIGNAL_NOT_TAKEN);
	/* Those of the C library, and none. */
	for (int signo = 32; signo < SIGRTMIN; signo++)
		assert_int_equal(signal_use(signo), SIGNAL_NOT_TAKEN);
	assert_int_equal(signal_use(0), SIGNAL_NOT_TAKEN);
	assert_int_equal(signal_use(SIGRTMAX + 1), SIGNAL_NOT_TAKEN);
}

static void some_have_a_use_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(signal_use(SIGCHLD), SIGNAL_CHILD);
	assert_int_equal(signal_use(SIGUSR1), SIGNAL_SHOW);
	assert_int_equal(signal_use(SIGTSTP), SIGNAL_STOP);
	assert_int_equal(signal_use(SIGTTIN), SIGNAL_STOP);
	assert_int_equal(signal_use(SIGTTOU), SIGNAL_STOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ends_a_process_ends_the_run),
		cmocka_unit_test(what_does_no_harm_is_left),
		cmocka_unit_test(some_have_a_use_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
