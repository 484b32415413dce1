/* SPDX-License-Identifier: MIT */
#include "host/suite_h_test.h"

#include "base/clock.h"
#include "base/futex.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

/* Threads of a test may fail at the same time; the first one's word is the verdict. */
enum claim {
	CLAIM_OPEN,
	CLAIM_MADE,			/* by the first to fail or skip, who then sets `outcome` */
	CLAIM_CLOSED,			/* nobody did before the verdict was given */
};

/* So long the verdict waits for a thread that has made the claim and not set the outcome yet. */
#define CLAIM_US 100000u

/* The test that runs. A global, because the calls from a suite (fail, skip) name no test. */
static struct {
	pid_t pid;
	pthread_t thread;
	sigjmp_buf back;
	_Atomic uint32_t claim;		/* enum claim */
	_Atomic uint32_t outcome;	/* enum record_outcome, by who made the claim; a futex */
	char message[4096];
} running;

/* Only the first verdict counts: after a test has failed, its teardown may fail as well. A thread
 * that fails when the verdict was given already can only print what it had to say. */
static void verdict_note(enum record_outcome outcome, const char *file, int line,
			 const char *message)
{
	uint32_t open = CLAIM_OPEN;

	if (!atomic_compare_exchange_strong(&running.claim, &open, CLAIM_MADE)) {
		if (open == CLAIM_CLOSED)
			fprintf(stderr, "%s:%d: %s (on a thread, when its test was over)\n", file,
				line, message);
		return;
	}
	if (outcome == OUTCOME_SKIPPED)
		text_print(running.message, sizeof(running.message), "%s", message);
	else
		text_print(running.message, sizeof(running.message), "%s:%d: %s", file, line, message);
	atomic_store_explicit(&running.outcome, outcome, memory_order_release);
	futex_wake(&running.outcome);
}

static void verdict_end(enum record_outcome outcome, const char *file, int line,
			const char *message)
{
	/* In a child that the test forked: it gives no verdict. Its parent, the test, sees how it
	 * ends. */
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

void suite_h_run(const struct proctor_entry *entry, pid_t pid)
{
	*entry->calls = &calls;
	running.pid = pid;
	running.thread = pthread_self();
	atomic_store(&running.outcome, OUTCOME_RETURNED);
	atomic_store(&running.claim, CLAIM_OPEN);
	/* 0: the signal mask is not saved here, as the checks after the test put it back. */
	if (sigsetjmp(running.back, 0) == 0)
		entry->run();
}

static bool outcome_passes(const struct proctor_entry *entry, enum record_outcome outcome)
{
	return outcome == (entry->expect_fail ? OUTCOME_FAILED : OUTCOME_RETURNED);
}

bool suite_h_passes(const struct proctor_entry *entry)
{
	return outcome_passes(entry, (enum record_outcome)atomic_load(&running.outcome));
}

/* Gives the verdict: that of who made the claim, or a pass if nobody did. From then on nobody
 * can. */
static enum record_outcome verdict_take(void)
{
	uint32_t claim = CLAIM_OPEN, outcome;
	uint64_t now_us, until_us;

	if (atomic_compare_exchange_strong(&running.claim, &claim, CLAIM_CLOSED))
		return OUTCOME_RETURNED;
	now_us = clock_us();
	for (until_us = now_us + CLAIM_US; now_us < until_us; now_us = clock_us()) {
		outcome = atomic_load_explicit(&running.outcome, memory_order_acquire);
		if (outcome != OUTCOME_RETURNED)
			return (enum record_outcome)outcome;
		futex_wait(&running.outcome, OUTCOME_RETURNED, until_us - now_us);
	}
	/* The thread that made the claim was cancelled before it could say why. */
	return OUTCOME_FAILED;
}

void suite_h_judge(const struct proctor_entry *entry, struct page_texts *texts,
		   struct page_record *rec)
{
	enum record_outcome outcome = verdict_take();

	rec->value = 0;
	rec->outcome = outcome;
	if (outcome_passes(entry, outcome)) {
		rec->outcome = OUTCOME_RETURNED;
	} else if (outcome != OUTCOME_RETURNED) {
		rec->message = page_texts_add_string(texts, running.message, sizeof(running.message));
	} else {
		rec->outcome = OUTCOME_FAILED;
		rec->message = page_texts_add_string(texts, "was expected to fail, and passed", 64);
	}
}
