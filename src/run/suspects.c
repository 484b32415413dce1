/* SPDX-License-Identifier: MIT */
#include "run/suspects.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/escape.h"
#include "base/failure.h"
#include "hosts/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_init(struct suspect_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void list_add(struct suspect_list *list, struct suspect *s)
{
	s->next = NULL;
	*list->tail = s;
	list->tail = &s->next;
}

static struct suspect *list_take(struct suspect_list *list)
{
	struct suspect *s = list->head;

	if (!s)
		return NULL;
	list->head = s->next;
	if (!list->head)
		list->tail = &list->head;
	return s;
}

void suspects_init(struct suspects *all, const struct proctor_plan *plan, const struct proctor_options *options,
		   const _Atomic bool *stopping)
{
	*all = (struct suspects){ .plan = plan, .command = options->command, .opened_us = clock_us(),
				  .off = options->no_confirm, .stopping = stopping };
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->changed, NULL);
	list_init(&all->alone);
	list_init(&all->searched);
}

void suspects_fini(struct suspects *all)
{
	while (all->made) {
		struct suspect *s = all->made;

		all->made = s->next_made;
		arena_fini(&s->arena);
		free(s);
	}
	pthread_cond_destroy(&all->changed);
	pthread_mutex_destroy(&all->lock);
}

/* Is there room for another? */
static bool suspects_join(struct suspects *all, struct suspect *s)
{
	bool joined;

	pthread_mutex_lock(&all->lock);
	joined = all->nmade < SUSPECTS_MAX;
	if (joined) {
		all->nmade++;
		s->next_made = all->made;
		all->made = s;
	} else {
		all->nrefused++;
	}
	pthread_mutex_unlock(&all->lock);
	return joined;
}

bool suspects_want(const struct suspects *all, const struct outcome *o)
{
	const struct test_settings *settings;
	const struct proctor_result *r = &o->result;

	if (all->off || o->item == ITEM_EXIT || (r->verdict != PROCTOR_FAIL && r->verdict != PROCTOR_CRASH) ||
	    r->attempt > 1 || r->start_us == 0)
		return false;
	settings = item_test(all->plan, o->item)->settings;
	return settings->isolation == PROCTOR_ISOLATION_BATCH && !settings->own_host &&
	       r->end_us - r->start_us <= settings->slow_after_us;
}

struct suspect *suspect_new(struct suspects *all, const struct outcome *o, const item_t *before, size_t nbefore,
			    size_t at, uint64_t took_us)
{
	struct suspect *s = calloc(1, sizeof(*s));
	item_t *copy;

	if (!s)
		return NULL;
	*s = (struct suspect){ .item = o->item, .nbefore = nbefore, .at = at, .took_us = took_us,
			       .failed = o->result.verdict, .by_exit = o->by_exit,
			       .attempt = o->result.attempt };
	s->post = (struct post){ .kind = POST_CONFIRMED, .suspect = s };
	confirm_init(&s->confirm, nbefore);
	if (!suspects_join(all, s)) {
		free(s);
		return NULL;
	}
	copy = arena_alloc(&s->arena, nbefore * sizeof(*copy));
	if (!copy)
		return NULL;
	memcpy(copy, before, nbefore * sizeof(*copy));
	s->before = copy;
	return s;
}

static bool list_has_test(const struct suspects *all, item_t item)
{
	size_t ntests = all->plan->ntests;

	for (const struct suspect *s = all->alone.head; s; s = s->next)
		if (s->item % ntests == item % ntests)
			return true;
	return false;
}

void suspects_add(struct suspects *all, struct suspect *s)
{
	pthread_mutex_lock(&all->lock);
	if (!list_has_test(all, s->item))
		list_add(&all->alone, s);
	pthread_mutex_unlock(&all->lock);
}

void suspects_told_alone(struct suspects *all, item_t item, enum proctor_verdict verdict)
{
	if (all->off)
		return;
	pthread_mutex_lock(&all->lock);
	for (struct suspect *s = all->alone.head; s; s = s->next) {
		if (s->item != item || s->confirm.stage != CONFIRM_ALONE)
			continue;
		s->alone = verdict;
		confirm_told(&s->confirm, suspect_answer(s, verdict, false));
	}
	pthread_mutex_unlock(&all->lock);
}

void suspects_left(struct suspects *all, char *words, size_t nwords)
{
	char most[32];
	const struct {
		size_t n;
		const char *done, *why;
	} parts[] = {
		{ all->nrefused, "not run again alone", most },
		{ all->nlate, "not run again alone", "there was no time for it" },
		{ all->nunknown, "run again alone in vain", "nothing came of it" },
	};
	size_t n = 0;

	snprintf(most, sizeof(most), "%d in a run are", SUSPECTS_MAX);
	words[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].n > 0 && n < nwords)
			n += (size_t)snprintf(words + n, nwords - n, "%s%zu failure%s %s: %s", n > 0 ? "; " : "",
					      parts[i].n, parts[i].n == 1 ? " was" : "s were", parts[i].done,
					      parts[i].why);
}

/* ---- the workers' ---- */

static uint64_t until_us(const struct suspects *all, uint64_t least_us)
{
	uint64_t half_us = (all->from_us - all->opened_us) / 2;

	return all->from_us + (half_us > least_us ? half_us : least_us);
}

/* One that is done as it is. */
static void give_up(struct suspect *s, const char *why)
{
	s->why = why;
	confirm_give_up(&s->confirm);
}

static struct suspect *take_alone(struct suspects *all)
{
	struct suspect *s;

	while ((s = list_take(&all->alone))) {
		if (s->confirm.stage != CONFIRM_ALONE)
			list_add(&all->searched, s);
		else if (clock_us() >= until_us(all, ALONE_US))
			all->nlate++;
		else
			return s;
	}
	return NULL;
}

static struct suspect *take_searched(struct suspects *all)
{
	struct suspect *s = list_take(&all->searched);

	if (!s || s->confirm.stage == CONFIRM_DONE)
		return s;
	if (all->nsearches == SEARCHES_MAX)
		give_up(s, "it is searched for 10 in a run");
	else
		all->nsearches++;
	return s;
}

struct suspect *suspects_take(struct suspects *all)
{
	struct suspect *s = NULL;

	pthread_mutex_lock(&all->lock);
	if (all->from_us == 0)
		all->from_us = clock_us();
	while (!*all->stopping) {
		s = take_alone(all);
		if (!s)
			s = take_searched(all);
		if (s || all->nactive == 0)
			break;
		pthread_cond_wait(&all->changed, &all->lock);
	}
	all->nactive += s != NULL;
	pthread_mutex_unlock(&all->lock);
	return s;
}

uint64_t suspects_until_us(const struct suspects *all, const struct suspect *s)
{
	return s->confirm.stage == CONFIRM_ALONE ? 0 : until_us(all, SEARCH_US);
}

bool suspects_has_time(const struct suspects *all, struct suspect *s)
{
	/* The run with all of them comes first, and takes that long again. */
	uint64_t wanted_us = s->confirm.stage == CONFIRM_ALL ? s->took_us : 0;

	if (clock_us() + wanted_us < suspects_until_us(all, s))
		return true;
	give_up(s, wanted_us > 0 ? "they take too long" : "there was no more time");
	return false;
}

bool suspects_give(struct suspects *all, struct suspect *s)
{
	bool done = s->confirm.stage == CONFIRM_DONE;

	pthread_mutex_lock(&all->lock);
	all->nactive--;
	all->nunknown += s->confirm.stage == CONFIRM_DONE && s->confirm.finding == PROCTOR_NFINDINGS;
	if (!done)
		list_add(&all->searched, s);
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
	return done;
}

const item_t *suspect_items(struct suspect *s, size_t *nitems, size_t *target)
{
	item_t *items = arena_alloc(&s->arena, (s->nbefore + 1) * sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; items && i <= s->nbefore; i++) {
		if (i == s->at) {
			*target = n;
			items[n++] = s->item;
		}
		if (i < s->nbefore && confirm_asks(&s->confirm, i))
			items[n++] = s->before[i];
	}
	*nitems = n;
	return items;
}

/* Alone any failure is its own. After others only the same one counts: where a test is left out another one may
 * fail, or crash, for want of it. */
enum confirm_answer suspect_answer(const struct suspect *s, enum proctor_verdict verdict, bool by_exit)
{
	bool alone = s->confirm.stage == CONFIRM_ALONE || s->confirm.stage == CONFIRM_CHECK_ALONE;

	switch (verdict) {
	case PROCTOR_PASS:
	case PROCTOR_SKIP:
		return CONFIRM_PASSED;
	case PROCTOR_FAIL:
	case PROCTOR_CRASH:
	case PROCTOR_TIMEOUT:
		return alone || (verdict == s->failed && by_exit == s->by_exit) ? CONFIRM_FAILED :
		       CONFIRM_UNKNOWN;
	case PROCTOR_ERROR:
	case PROCTOR_CANCELLED:
	case PROCTOR_NOT_RUN:
	case PROCTOR_NVERDICTS:
		break;
	}
	return CONFIRM_UNKNOWN;
}

/* ---- what is told ---- */

static const struct proctor_test *test_of(const struct suspects *all, item_t item)
{
	return &item_test(all->plan, item)->pub;
}

/* False: no memory. */
static bool suspect_name_others(const struct suspects *all, struct suspect *s)
{
	const struct confirm *c = &s->confirm;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
	const struct proctor_test **after = arena_alloc(&s->arena, c->nfound * sizeof(*after));

	for (unsigned i = 0; after && i < c->nfound; i++)
		after[i] = test_of(all, s->before[c->found[i]]);
	s->told.after = after;
	s->told.nafter = c->nfound;
	s->told.others = c->others;
	return after != NULL;
}

static void words_others(const struct proctor_confirmation *t, struct bytes *to)
{
	if (t->nafter == 1)
		bytes_printf(to, "%s", t->others ? "fails after " : "fails only after ");
	else
		bytes_printf(to, "%s these %zu tests together: ", t->others ? "fails after" : "fails only after",
			     t->nafter);
	for (size_t i = 0; i < t->nafter; i++)
		bytes_printf(to, "%s%s", i ? ", " : "", t->after[i]->id);
	if (t->others)
		bytes_text(to, ", and without that after others that had run before it");
}

static void words_tests(size_t n, struct bytes *to)
{
	bytes_printf(to, n == 1 ? "the test that had run before it" : "the %zu tests that had run before it", n);
}

static void words_unknown(const struct suspect *s, struct bytes *to)
{
	if (s->confirm.failed_again) {
		bytes_text(to, "passes alone and fails after ");
		words_tests(s->nbefore, to);
		bytes_printf(to, "; which of them it takes was not found out in %u runs", s->confirm.nruns);
	} else {
		bytes_text(to, "passes alone; whether it fails after ");
		words_tests(s->nbefore, to);
		bytes_text(to, " was not found out");
	}
	bytes_printf(to, "%s%s", s->why ? ": " : "", s->why ? s->why : "");
}

static void suspect_words(const struct suspect *s, struct bytes *to)
{
	switch (s->told.finding) {
	case PROCTOR_FAILS_ALONE:
		bytes_text(to, "fails in a process of its own, too");
		if (s->alone != s->failed)
			bytes_printf(to, ", but as %s", proctor_verdict_name(s->alone));
		break;
	case PROCTOR_FAILS_AFTER:
		words_others(&s->told, to);
		break;
	case PROCTOR_FAILS_AT_TIMES:
		bytes_text(to, "fails at times: after the same tests it failed, and passed");
		break;
	case PROCTOR_NOT_AGAIN:
		bytes_text(to, "did not fail again: neither alone nor after ");
		words_tests(s->nbefore, to);
		break;
	case PROCTOR_PASSES_ALONE:
		words_unknown(s, to);
		break;
	case PROCTOR_NFINDINGS:
		break;
	}
}

static void command_add(struct bytes *to, const char *id)
{
	bytes_text(to, " --sequence=");
	escape_shell_line(to, id);
}

/* What was found, in the order in which it runs. Of what fails at times a command may show nothing. */
static void suspect_command(const struct suspects *all, const struct suspect *s, struct bytes *to)
{
	const struct confirm *c = &s->confirm;
	unsigned i = 0;

	if (!all->command || s->told.finding != PROCTOR_FAILS_AFTER)
		return;
	bytes_text(to, all->command);
	for (; i < c->nfound && c->found[i] < s->at; i++)
		command_add(to, test_of(all, s->before[c->found[i]])->id);
	command_add(to, test_of(all, s->item)->id);
	for (; i < c->nfound; i++)
		command_add(to, test_of(all, s->before[c->found[i]])->id);
}

/* Moves the text to where the suspect's others are; NULL: there is no memory for it. */
static const char *suspect_keep(struct suspect *s, struct bytes *text)
{
	const char *kept = text->failed ? NULL : arena_copy(&s->arena, bytes_string(text));

	bytes_fini(text);
	return kept;
}

bool suspect_tell(struct suspects *all, struct suspect *s)
{
	struct bytes text = { 0 }, command = { 0 };

	if (s->confirm.finding == PROCTOR_NFINDINGS)
		return false;
	s->told = (struct proctor_confirmation){
		.finding = s->confirm.finding, .failed = s->failed, .alone = s->alone, .attempt = s->attempt,
		.repetition = (unsigned)(s->item / all->plan->ntests) + 1, .nbefore = s->nbefore,
		.nruns = s->confirm.nruns,
	};
	if (s->told.finding == PROCTOR_FAILS_AFTER && !suspect_name_others(all, s))
		return false;
	suspect_words(s, &text);
	s->told.text = suspect_keep(s, &text);
	suspect_command(all, s, &command);
	if (command.nbytes > 0)
		s->told.command = suspect_keep(s, &command);
	else
		bytes_fini(&command);
	return s->told.text != NULL;
}
