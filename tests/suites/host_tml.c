/* SPDX-License-Identifier: MIT */
/* A TML suite with a runtime like the real one (see tml_run_test_with_catch), for test_host.c. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf back;
static char message[1024];
static char context[256];
static int32_t nleaked;

int32_t tml_run_test_with_catch(int32_t (*test)(void));
const char *tml_get_panic_message(void);
const char *tml_get_panic_backtrace(void);
void tml_enable_backtrace_on_panic(void);
void tml_set_test_crash_context(const char *test, const char *file, const char *suite);
int32_t tml_mem_get_leak_count(void);
int64_t tml_mem_get_leak_bytes(void);
int32_t tml_test_0(void);
int32_t tml_test_1(void);
int32_t tml_test_2(void);
int32_t tml_test_3(void);
int32_t tml_test_4(void);
int32_t tml_test_5(void);

static int backtraces;

static void caught(int sig)
{
	snprintf(message, sizeof(message), "CRASH: %s", sig == SIGSEGV ? "SIGSEGV" : "other");
	longjmp(back, 2);
}

/* As the original: signal() handlers that are left by longjmp, and stay. */
int32_t tml_run_test_with_catch(int32_t (*test)(void))
{
	int how;

	message[0] = '\0';
	signal(SIGSEGV, caught);
	signal(SIGABRT, caught);
	how = setjmp(back);
	if (how == 1)
		return -1;
	if (how == 2)
		return -2;
	return test();
}

const char *tml_get_panic_message(void)
{
	return message;
}

const char *tml_get_panic_backtrace(void)
{
	return backtraces ? "frame one\nframe two" : "";
}

void tml_enable_backtrace_on_panic(void)
{
	backtraces = 1;
}

void tml_set_test_crash_context(const char *test, const char *file, const char *suite)
{
	snprintf(context, sizeof(context), "%s %s %s", test, file, suite);
}

int32_t tml_mem_get_leak_count(void)
{
	return nleaked;
}

int64_t tml_mem_get_leak_bytes(void)
{
	return (int64_t)nleaked * 16;
}

int32_t tml_test_0(void)
{
	puts(context);
	nleaked += 3;
	return 0;
}

int32_t tml_test_1(void)
{
	strcpy(message, "assertion failed at a.tml:3: x");
	longjmp(back, 1);
}

int32_t tml_test_2(void)
{
	raise(SIGSEGV);
	return 0;
}

int32_t tml_test_3(void)
{
	return -1;
}

int32_t tml_test_4(void)
{
	return 5;
}

static int32_t overflow(volatile char *above)
{
	volatile char here[4096];

	here[0] = *above;
	return here[0] ? overflow(here) + here[0] : 0;
}

int32_t tml_test_5(void)
{
	volatile char start = 1;

	return overflow(&start);
}
