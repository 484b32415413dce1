/* SPDX-License-Identifier: MIT */
#include "base/crash_words.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/container.h"

static void a_fault_has_its_cause_and_its_address(void **state)
{
	static const struct {
		int signal, code;
		uint64_t address;
		const char *words;
	} table[] = {
		{ SIGSEGV, SEGV_MAPERR, 0, "SIGSEGV, address not mapped, at 0x0" },
		{ SIGSEGV, SEGV_ACCERR, 0x7f12, "SIGSEGV, access not permitted, at 0x7f12" },
		{ SIGBUS, BUS_ADRALN, 3, "SIGBUS, address not aligned, at 0x3" },
		{ SIGBUS, BUS_ADRERR, 0x10, "SIGBUS, no memory behind the address, at 0x10" },
		{ SIGFPE, FPE_INTDIV, 0x40, "SIGFPE, integer divide by zero, at 0x40" },
		{ SIGFPE, FPE_FLTINV, 0x40, "SIGFPE, invalid floating-point operation, at 0x40" },
		{ SIGILL, ILL_ILLOPN, 0x40, "SIGILL, illegal operand, at 0x40" },
		{ SIGTRAP, TRAP_TRACE, 0x40, "SIGTRAP, single step, at 0x40" },
		{ SIGSYS, 1, 0x40, "SIGSYS, system call forbidden by seccomp, at 0x40" },
		{ SIGSEGV, 77, 0x40, "SIGSEGV, code 77, at 0x40" },
	};
	char buf[WORDS_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_string_equal(signal_words(table[i].signal, table[i].code, table[i].address,
						 true, buf, sizeof(buf)), table[i].words);
	assert_string_equal(signal_words(SIGSEGV, SEGV_MAPERR, 0, false, buf, sizeof(buf)),
			    "SIGSEGV, address not mapped");
}

static void every_code_of_a_fault_has_words(void **state)
{
	static const struct {
		int signal, ncodes;
	} table[] = {
		{ SIGSEGV, 10 }, { SIGBUS, 5 }, { SIGFPE, 8 }, { SIGILL, 9 }, { SIGTRAP, 6 },
		{ SIGSYS, 2 },
	};
	char buf[WORDS_BYTES];
	size_t i;
	int code;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++)
		for (code = 1; code <= table[i].ncodes; code++)
			assert_null(strstr(signal_words(table[i].signal, code, 0, true, buf,
							sizeof(buf)), ", code "));
}

static void a_signal_that_was_sent_has_no_address(void **state)
{
	char buf[WORDS_BYTES];

	(void)state;
	assert_string_equal(signal_words(SIGABRT, SI_TKILL, 5, true, buf, sizeof(buf)),
			    "SIGABRT, sent by itself (abort)");
	assert_string_equal(signal_words(SIGSEGV, SI_TKILL, 5, true, buf, sizeof(buf)),
			    "SIGSEGV, sent by itself (raise)");
	assert_string_equal(signal_words(SIGSEGV, SI_USER, 5, true, buf, sizeof(buf)),
			    "SIGSEGV, sent by kill");
	assert_string_equal(signal_words(SIGTRAP, SI_KERNEL, 0, true, buf, sizeof(buf)),
			    "SIGTRAP, breakpoint");
	assert_string_equal(signal_words(SIGSEGV, SI_KERNEL, 0, true, buf, sizeof(buf)),
			    "SIGSEGV, an address or instruction the processor refuses");
	assert_string_equal(signal_words_unrecorded(SIGKILL, buf, sizeof(buf)),
			    "SIGKILL, no record was left");
}

static void every_signal_has_a_name(void **state)
{
	char buf[WORDS_BYTES];

	(void)state;
	assert_string_equal(signal_name(SIGTERM, buf, sizeof(buf)), "SIGTERM");
	assert_string_equal(signal_name(SIGRTMIN, buf, sizeof(buf)), "SIGRTMIN");
	assert_string_equal(signal_name(SIGRTMIN + 2, buf, sizeof(buf)), "SIGRTMIN+2");
	assert_string_equal(signal_name(0, buf, sizeof(buf)), "signal 0");
	assert_string_equal(signal_name(SIGRTMAX + 1, buf, sizeof(buf)), "signal 65");
	assert_string_equal(signal_name(-1, buf, sizeof(buf)), "signal -1");
}

static void a_wait_status_is_told(void **state)
{
	char buf[WORDS_BYTES];

	(void)state;
	assert_string_equal(status_words(W_EXITCODE(3, 0), buf, sizeof(buf)), "exited with 3");
	assert_string_equal(status_words(W_EXITCODE(0, SIGKILL), buf, sizeof(buf)),
			    "ended by SIGKILL");
	assert_string_equal(status_words(W_EXITCODE(0, SIGSEGV) | WCOREFLAG, buf, sizeof(buf)),
			    "ended by SIGSEGV (core dumped)");
	assert_string_equal(status_words(W_STOPCODE(SIGSTOP), buf, sizeof(buf)),
			    "stopped by SIGSTOP");
	assert_string_equal(status_words(0xffff, buf, sizeof(buf)), "wait status 0xffff");
}

static void words_are_cut_to_their_room(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(signal_words(SIGSEGV, SEGV_MAPERR, 0, true, buf, sizeof(buf)),
			    "SIGSEGV");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_has_its_cause_and_its_address),
		cmocka_unit_test(every_code_of_a_fault_has_words),
		cmocka_unit_test(a_signal_that_was_sent_has_no_address),
		cmocka_unit_test(every_signal_has_a_name),
		cmocka_unit_test(a_wait_status_is_told),
		cmocka_unit_test(words_are_cut_to_their_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
