/* SPDX-License-Identifier: MIT */
#include "run/verdict.h"

#include "base/crash_words.h"
#include "base/duration_words.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char stolen_words[] =
	"how it ended is not known: another part of this program reaped its process";

/* "what: why" on the heap; `why` may be NULL. NULL: no memory. */
static __attribute__((format(printf, 1, 2))) char *sentence(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return text;
}

static void outcome_say(struct outcome *o, char *message)
{
	free(o->message);
	o->message = message;
	o->lost = o->lost || !message;
}

static char *crash_sentence(const struct crash *crash, int signal)
{
	char words[WORDS_BYTES];

	/* A record of another signal is of an earlier, caught one. */
	if (crash->state != CRASH_WRITTEN || crash->signal != signal)
		return sentence("%s", signal_words_unrecorded(signal, words, sizeof(words)));
	return sentence("%s", signal_words(signal, crash->si_code, crash->address, true, words,
					   sizeof(words)));
}

static void verdict_of_signal(struct outcome *o, int signal, bool core_dumped,
			      const struct crash *crash)
{
	o->result.verdict = PROCTOR_CRASH;
	o->result.signal = signal;
	o->result.core_dumped = core_dumped;
	outcome_say(o, crash_sentence(crash, signal));
	o->crash_recorded = crash->state == CRASH_WRITTEN && crash->signal == signal;
}

static void verdict_of_early_exit(struct outcome *o, int code)
{
	o->result.verdict = PROCTOR_FAIL;
	o->result.exit_code = code;
	outcome_say(o, sentence("ended the process with exit status %d before it returned", code));
}

static void verdict_of_value(struct outcome *o, int32_t value)
{
	o->result.exit_code = value;
	o->result.verdict = value == 0 ? PROCTOR_PASS : PROCTOR_FAIL;
	if (value != 0 && !o->message)
		outcome_say(o, sentence("returned %d", value));
}

/* TML's wrapper came back with -2: our handler saw the signal first, if it was one. */
static void verdict_of_caught(struct outcome *o, const struct crash *crash)
{
	char words[WORDS_BYTES], *message;

	o->result.verdict = PROCTOR_CRASH;
	if (crash->state != CRASH_WRITTEN)
		return;
	o->result.signal = crash->signal;
	signal_words(crash->signal, crash->si_code, crash->address, true, words, sizeof(words));
	message = o->message ? sentence("%s; %s", words, o->message) : sentence("%s", words);
	outcome_say(o, message);
	o->crash_recorded = true;
}

static void verdict_of_child(struct outcome *o, int status, const struct crash *crash)
{
	if (WIFSIGNALED(status))
		verdict_of_signal(o, WTERMSIG(status), WCOREDUMP(status), crash);
	else
		verdict_of_early_exit(o, WEXITSTATUS(status));
}

/* What a program said itself, by its output or its exit status. */
static void verdict_told(struct outcome *o, const struct test_evidence *t, const struct crash *crash)
{
	char *words;

	o->crash_recorded = t->verdict == PROCTOR_CRASH && crash->state == CRASH_WRITTEN &&
			    crash->signal == t->signal;
	if (o->crash_recorded) {
		words = crash_sentence(crash, t->signal);
		outcome_say(o, words ? sentence("%s (%s)", words, t->core_dumped ? "core dumped" :
						"no core was left") : NULL);
		free(words);
	}
	o->result.verdict = t->verdict;
	o->result.exit_code = t->exit_code;
	o->result.signal = t->signal;
	o->result.core_dumped = t->core_dumped;
}

void verdict_of_test(struct outcome *o, struct test_evidence *t, const struct crash *crash)
{
	struct test_record *record = &t->record;
	struct proctor_result *r = &o->result;

	r->start_us = record->start_us;
	r->end_us = record->end_us;
	r->user_us = record->user_us;
	r->sys_us = record->sys_us;
	r->max_rss_kb = record->max_rss_kb;
	r->nleaks = record->nleaks;
	r->leak_bytes = record->leak_bytes;
	r->exit_code = -1;
	if (record->flags & (RECORD_LEAKY_THREAD | RECORD_LEAKY_PROCESS))
		r->marks |= PROCTOR_LEAKY;
	if (record->flags & RECORD_OVERWROTE) {
		r->verdict = PROCTOR_CRASH;
		outcome_say(o, sentence("wrote over the progress page of its host"));
		return;
	}
	o->message = record->message;
	o->backtrace = record->backtrace;
	o->left = record->left;
	o->lost = record->lost;
	record->message = record->backtrace = record->left = NULL;
	if (t->told) {
		verdict_told(o, t, crash);
		return;
	}
	switch (record->outcome) {
	case OUTCOME_RETURNED:
		verdict_of_value(o, record->value);
		break;
	case OUTCOME_FAILED:
	case OUTCOME_PANICKED:
		r->verdict = PROCTOR_FAIL;
		r->exit_code = record->value;
		break;
	case OUTCOME_SKIPPED:
		r->verdict = PROCTOR_SKIP;
		break;
	case OUTCOME_CAUGHT:
		verdict_of_caught(o, crash);
		break;
	case OUTCOME_NO_SYMBOL:
		r->verdict = PROCTOR_ERROR;
		break;
	case OUTCOME_DIED:
		verdict_of_child(o, record->value, crash);
		break;
	case OUTCOME_NOUTCOMES:
		break;
	}
}

void verdict_of_timeout(struct outcome *o, uint64_t timeout_us)
{
	char words[WORDS_BYTES];

	o->result.verdict = PROCTOR_TIMEOUT;
	outcome_say(o, sentence("still ran at its deadline of %s",
				duration_words(timeout_us, words, sizeof(words))));
}

static void verdict_of_stop(struct outcome *o, const struct host_end *end, uint64_t timeout_us)
{
	if (WIFSIGNALED(end->status))
		o->result.signal = WTERMSIG(end->status);
	switch (end->stop) {
	case STOP_NOT:
		break;
	case STOP_TIMEOUT:
		verdict_of_timeout(o, timeout_us);
		break;
	case STOP_CANCELLED:
		o->result.verdict = PROCTOR_CANCELLED;
		outcome_say(o, sentence("stopped because the run ended early"));
		break;
	case STOP_CONDEMNED:
		o->result.verdict = PROCTOR_CRASH;
		break;
	}
}

/* What decides before how it died, which may not even be known. True if something does. */
static bool verdict_of_no_death(struct outcome *o, const struct host_end *end, uint64_t timeout_us)
{
	char *text;

	if (end->stop == STOP_NOT && !end->stolen)
		return false;
	verdict_of_stop(o, end, timeout_us);
	if (end->stop == STOP_NOT)
		verdict_error(o, stolen_words);
	if (end->undead) {
		text = sentence("%s%s%s", o->message ? o->message : "", o->message ? "; " : "",
				end->undead);
		if (text)
			outcome_say(o, text);
	}
	return true;
}

void verdict_of_death(struct outcome *o, const struct host_end *end, uint64_t timeout_us,
		      const struct crash *crash)
{
	o->result.exit_code = -1;
	o->result.end_us = end->died_us;
	o->result.max_rss_kb = (uint64_t)end->rusage.ru_maxrss;
	o->open_output = true;
	if (!verdict_of_no_death(o, end, timeout_us))
		verdict_of_child(o, end->status, crash);
}

void verdict_error(struct outcome *o, const char *message)
{
	o->result.verdict = PROCTOR_ERROR;
	o->result.exit_code = -1;
	outcome_say(o, sentence("%s", message));
}

void verdict_crash(struct outcome *o, const char *message)
{
	o->result.verdict = PROCTOR_CRASH;
	o->result.exit_code = -1;
	outcome_say(o, sentence("%s", message));
}

char *death_words(const struct host_end *end, uint64_t timeout_us, const struct crash *crash)
{
	char words[WORDS_BYTES];

	if (end->stop == STOP_TIMEOUT)
		return sentence("was not through after %s%s%s",
				duration_words(timeout_us, words, sizeof(words)),
				end->undead ? "; " : "", end->undead ? end->undead : "");
	if (end->stop == STOP_CANCELLED)
		return sentence("was not through when the run was ended%s%s",
				end->undead ? "; " : "", end->undead ? end->undead : "");
	if (end->stolen)
		return sentence("%s", stolen_words);
	if (WIFSIGNALED(end->status)) {
		char *how = crash_sentence(crash, WTERMSIG(end->status));
		char *text = sentence("died: %s", how ? how : "by a signal");

		free(how);
		return text;
	}
	return sentence("ended the process with exit status %d", WEXITSTATUS(end->status));
}
