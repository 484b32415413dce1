/* SPDX-License-Identifier: MIT */
/*
 * Linked into each TML fixture, so that every library carries and exports its own copy, as the
 * compiler does it. What is wrong with the original is wrong here on purpose: signal handlers left
 * by longjmp, hence a signal that stays blocked; no alternate stack; an inner catch that disarms
 * the outer one.
 */
#include "tml_runtime.h"

#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BYTES 1024
#define BACKTRACE_BYTES 8192
#define FRAMES_MAX 32

/* Before each tracked allocation; keeps the caller's alignment. */
union allocation {
	struct {
		union allocation *prev, *next;
		size_t nbytes;
		const char *file;
	} link;
	max_align_t align;
};

static const int caught_signals[] = { SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGBUS };
#define NCAUGHT (sizeof(caught_signals) / sizeof(caught_signals[0]))

static jmp_buf catch_point;
static volatile sig_atomic_t catching;
static char panic_message[MESSAGE_BYTES];
static char panic_backtrace[BACKTRACE_BYTES], panic_backtrace_json[BACKTRACE_BYTES];
static bool backtrace_wanted, output_suppressed;

static void (*log_callback)(int level, const char *module, const char *message);
static int log_level;

static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;
static union allocation *heap;
static const char *heap_file = "";

static const char *signal_text(int signum)
{
	switch (signum) {
	case SIGSEGV:	return "CRASH: SIGSEGV (Segmentation fault)";
	case SIGFPE:	return "CRASH: SIGFPE (Floating point exception)";
	case SIGILL:	return "CRASH: SIGILL (Illegal instruction)";
	case SIGABRT:	return "CRASH: SIGABRT (Aborted)";
	case SIGBUS:	return "CRASH: SIGBUS (Bus error)";
	}
	return "CRASH: unknown signal";
}

static void signal_caught(int signum)
{
	if (!catching) {
		signal(signum, SIG_DFL);
		raise(signum);
		return;
	}
	strcpy(panic_message, signal_text(signum));
	longjmp(catch_point, 2);
}

static void backtrace_record(void)
{
	void *frames[FRAMES_MAX];
	int nframes = backtrace(frames, FRAMES_MAX);
	char **names = backtrace_symbols(frames, nframes);
	size_t ntext = 0, njson = 0;
	int i;

	if (!names)
		return;
	njson += (size_t)snprintf(panic_backtrace_json, BACKTRACE_BYTES, "[");
	for (i = 0; i < nframes && ntext < BACKTRACE_BYTES && njson < BACKTRACE_BYTES - 2; i++) {
		ntext += (size_t)snprintf(panic_backtrace + ntext, BACKTRACE_BYTES - ntext,
					  "  %d: %s\n", i, names[i]);
		njson += (size_t)snprintf(panic_backtrace_json + njson, BACKTRACE_BYTES - njson,
					  "%s{\"frame\":%d,\"address\":\"%p\"}", i ? "," : "", i,
					  frames[i]);
	}
	if (njson < BACKTRACE_BYTES - 1)
		strcpy(panic_backtrace_json + njson, "]");
	free(names);
}

void tml_panic(const char *message)
{
	if (!catching) {
		fprintf(stderr, "panic: %s\n", message);
		exit(1);
	}
	snprintf(panic_message, sizeof(panic_message), "%s", message);
	if (backtrace_wanted)
		backtrace_record();
	longjmp(catch_point, 1);
}

void tml_assert_failed(const char *file, int line, const char *text)
{
	char message[MESSAGE_BYTES];

	snprintf(message, sizeof(message), "assertion failed at %s:%d: %s", file, line, text);
	tml_panic(message);
}

void tml_test_assert(bool holds, const char *text)
{
	if (holds)
		return;
	fprintf(stderr, "test assertion failed: %s\n", text);
	exit(1);
}

bool tml_should_panic(void (*body)(void))
{
	jmp_buf outer;
	bool panicked = true;

	memcpy(&outer, &catch_point, sizeof(outer));
	catching = 1;
	if (setjmp(catch_point) == 0) {
		body();
		panicked = false;
	}
	memcpy(&catch_point, &outer, sizeof(outer));
	catching = 0;
	return panicked;
}

int32_t tml_run_test_with_catch(int32_t (*test)(void))
{
	void (*before[NCAUGHT])(int);
	volatile int32_t result;
	size_t i;

	panic_message[0] = panic_backtrace[0] = panic_backtrace_json[0] = '\0';
	for (i = 0; i < NCAUGHT; i++)
		before[i] = signal(caught_signals[i], signal_caught);
	catching = 1;
	switch (setjmp(catch_point)) {
	case 0:
		result = test();
		break;
	case 1:
		result = -1;
		break;
	default:
		result = -2;
		break;
	}
	catching = 0;
	for (i = 0; i < NCAUGHT; i++)
		signal(caught_signals[i], before[i]);
	return result;
}

const char *tml_get_panic_message(void)
{
	return panic_message;
}

void tml_enable_backtrace_on_panic(void)
{
	backtrace_wanted = true;
}

void tml_disable_backtrace_on_panic(void)
{
	backtrace_wanted = false;
}

const char *tml_get_panic_backtrace(void)
{
	return panic_backtrace;
}

const char *tml_get_panic_backtrace_json(void)
{
	return panic_backtrace_json;
}

void tml_set_output_suppressed(int32_t suppressed)
{
	output_suppressed = suppressed != 0;
}

void tml_print(const char *text)
{
	if (!output_suppressed)
		fputs(text, stdout);
}

void tml_println(const char *text)
{
	if (!output_suppressed)
		puts(text);
}

void rt_log_set_callback(void (*callback)(int level, const char *module, const char *message))
{
	log_callback = callback;
}

void rt_log_set_level(int level)
{
	log_level = level;
}

void rt_log(int level, const char *module, const char *message)
{
	if (level < log_level)
		return;
	if (log_callback)
		log_callback(level, module, message);
	else
		fprintf(stderr, "[%d] %s: %s\n", level, module, message);
}

void tml_set_test_crash_context(const char *test, const char *file, const char *suite)
{
	(void)test;
	(void)file;
	(void)suite;
}

void tml_clear_test_crash_context(void)
{
}

void tml_mem_track_set_test_context(const char *test, const char *file)
{
	(void)test;
	/* Kept, not copied: a host must keep its string while the library is open. */
	heap_file = file ? file : "";
}

void *tml_mem_alloc(size_t nbytes)
{
	union allocation *a = malloc(sizeof(*a) + nbytes);

	if (!a)
		return NULL;
	pthread_mutex_lock(&heap_lock);
	a->link.nbytes = nbytes;
	a->link.file = heap_file;
	a->link.prev = NULL;
	a->link.next = heap;
	if (heap)
		heap->link.prev = a;
	heap = a;
	pthread_mutex_unlock(&heap_lock);
	return a + 1;
}

void tml_mem_free(void *ptr)
{
	union allocation *a = ptr;

	if (!a)
		return;
	a--;
	pthread_mutex_lock(&heap_lock);
	if (a->link.prev)
		a->link.prev->link.next = a->link.next;
	else
		heap = a->link.next;
	if (a->link.next)
		a->link.next->link.prev = a->link.prev;
	pthread_mutex_unlock(&heap_lock);
	free(a);
}

int32_t tml_mem_get_leak_count(void)
{
	const union allocation *a;
	int32_t count = 0;

	for (a = heap; a; a = a->link.next)
		count++;
	return count;
}

int64_t tml_mem_get_leak_bytes(void)
{
	const union allocation *a;
	int64_t bytes = 0;

	for (a = heap; a; a = a->link.next)
		bytes += (int64_t)a->link.nbytes;
	return bytes;
}

int32_t tml_mem_get_leak_files(const char **files, int32_t *counts, int64_t *bytes, int32_t max)
{
	const union allocation *a;
	int32_t n = 0, i;

	for (a = heap; a; a = a->link.next) {
		for (i = 0; i < n && strcmp(files[i], a->link.file) != 0; i++)
			;
		if (i == n) {
			if (n == max)
				continue;
			files[n] = a->link.file;
			counts[n] = 0;
			bytes[n++] = 0;
		}
		counts[i]++;
		bytes[i] += (int64_t)a->link.nbytes;
	}
	return n;
}

static void leaks_report(void)
{
	if (heap)
		fprintf(stderr, "tml: %d allocations not freed\n", (int)tml_mem_get_leak_count());
}

static __attribute__((constructor)) void runtime_start(void)
{
	atexit(leaks_report);
}
