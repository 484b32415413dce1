/* SPDX-License-Identifier: MIT */
#include "hosts/status.h"

#include "base/crash_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* As Automake has it: the program could not run its test here, or it could not even find out. */
#define EXIT_STATUS_SKIP 77
#define EXIT_STATUS_ERROR 99
/* As a shell tells of a command that a signal has ended. */
#define EXIT_STATUS_SIGNALS 128

static __attribute__((format(printf, 2, 3))) void say(struct test_record *record, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&record->message, fmt, args) < 0) {
		record->message = NULL;
		record->lost = true;
	}
	va_end(args);
}

static void tell_exit(struct test_evidence *t)
{
	int signo = t->exit_code - EXIT_STATUS_SIGNALS;
	char words[WORDS_BYTES];

	t->verdict = t->exit_code == EXIT_STATUS_SKIP ? PROCTOR_SKIP :
		     t->exit_code == EXIT_STATUS_ERROR ? PROCTOR_ERROR : PROCTOR_FAIL;
	if (t->exit_code == EXIT_STATUS_ERROR)
		say(&t->record, "exit status %d: it could not be tested", t->exit_code);
	else if (signo > 0 && sigabbrev_np(signo))
		say(&t->record, "exit status %d, as after %s", t->exit_code, signal_name(signo, words, sizeof(words)));
	else
		say(&t->record, "exit status %d", t->exit_code);
}

void status_tell(struct test_evidence *t, int status)
{
	char words[WORDS_BYTES];

	t->told = true;
	t->exit_code = -1;
	if (WIFSIGNALED(status)) {
		t->verdict = PROCTOR_CRASH;
		t->signal = WTERMSIG(status);
		t->core_dumped = WCOREDUMP(status);
		say(&t->record, "%s (%s)", signal_name(t->signal, words, sizeof(words)),
		    t->core_dumped ? "core dumped" : "no core was left");
		return;
	}
	t->exit_code = WEXITSTATUS(status);
	if (t->exit_code == 0) {
		t->verdict = PROCTOR_PASS;
		return;
	}
	tell_exit(t);
}

static uint64_t timeval_us(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000u + (uint64_t)tv.tv_usec;
}

void status_usage(struct test_record *usage, const struct host_end *end, uint64_t start_us)
{
	usage->start_us = start_us;
	usage->end_us = end->died_us;
	usage->user_us = timeval_us(end->rusage.ru_utime);
	usage->sys_us = timeval_us(end->rusage.ru_stime);
	usage->max_rss_kb = (uint64_t)end->rusage.ru_maxrss;
}

bool status_is_its_own(const struct host_end *end)
{
	return end->stop == STOP_NOT && !end->stolen;
}
