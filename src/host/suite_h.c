/* SPDX-License-Identifier: MIT */
#include "host/suite_h.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* The test that runs. Global because a suite calls in here without any handle to it. */
static struct {
	pid_t pid;
	pthread_t thread;
	sigjmp_buf back;
	_Atomic uint32_t claimed;	/* the first to fail or skip sets it and then `outcome` */
	_Atomic uint32_t outcome;	/* enum record_outcome */
	char message[4096];
} running;

/* Only the first verdict counts: a teardown may fail after its test. */
static void verdict_note(enum record_outcome outcome, const char *file, int line,
			 const char *message)
{
	if (atomic_exchange(&running.claimed, 1) != 0)
		return;
	if (outcome == OUTCOME_SKIPPED)
		snprintf(running.message, sizeof(running.message), "%s", message);
	else
		snprintf(running.message, sizeof(running.message), "%s:%d: %s", file, line, message);
	atomic_store_explicit(&running.outcome, outcome, memory_order_release);
}

static void verdict_end(enum record_outcome outcome, const char *file, int line,
			const char *message)
{
	/* A child has no verdict of its own: its parent, the test, sees how it ends. */
	if (getpid() != running.pid) {
		fprintf(stderr, "%s:%d: %s\n", file, line, message);
		fflush(stdout);
		_exit(1);
	}
	verdict_note(outcome, file, line, message);
	if (pthread_equal(pthread_self(), running.thread))
		siglongjmp(running.back, 1);
	pthread_exit(NULL);
}

static void call_fail(const char *file, int line, const char *message)
{
	verdict_end(OUTCOME_FAILED, file, line, message);
}

static void call_skip(const char *file, int line, const char *reason)
{
	verdict_end(OUTCOME_SKIPPED, file, line, reason);
}

static const struct proctor_host_calls calls = { .fail = call_fail, .skip = call_skip };

const char *suite_h_refuse(const struct proctor_entry *entry)
{
	if (entry->abi != PROCTOR_SUITE_ABI)
		return "the test was built with another version of proctor/suite.h";
	if (entry->size < sizeof(*entry) || !entry->run || !entry->calls)
		return "the test's entry is not what proctor/suite.h makes";
	return NULL;
}

void suite_h_run(const struct proctor_entry *entry, pid_t pid, struct texts *texts,
		 struct page_record *rec)
{
	enum record_outcome outcome;

	*entry->calls = &calls;
	running.pid = pid;
	running.thread = pthread_self();
	atomic_store(&running.outcome, OUTCOME_RETURNED);
	atomic_store(&running.claimed, 0);
	/* The mask is put back by the checks. */
	if (sigsetjmp(running.back, 0) == 0)
		entry->run();
	outcome = (enum record_outcome)atomic_load_explicit(&running.outcome, memory_order_acquire);
	rec->value = 0;
	if (outcome == OUTCOME_SKIPPED || (outcome == OUTCOME_FAILED && !entry->expect_fail)) {
		rec->outcome = outcome;
		rec->message = text_add_string(texts, running.message, sizeof(running.message));
	} else if (outcome == OUTCOME_RETURNED && entry->expect_fail) {
		rec->outcome = OUTCOME_FAILED;
		rec->message = text_add_string(texts, "was expected to fail, and passed", 64);
	} else {
		rec->outcome = OUTCOME_RETURNED;
	}
}
