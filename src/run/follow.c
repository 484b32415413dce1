/* SPDX-License-Identifier: MIT */
#include "run/follow.h"

#include "base/container.h"
#include "base/failure.h"

#include <stdio.h>

static bool may_try_again(const struct proctor_options *options, const struct follow_facts *facts)
{
	(void)options;
	return facts->attempt <= facts->nretries;
}

static bool is_last_crash(const struct proctor_options *options, const struct follow_facts *facts)
{
	return facts->verdict == PROCTOR_CRASH && options->on_crash == PROCTOR_ON_CRASH_STOP;
}

static bool is_first_and_last(const struct proctor_options *options,
			      const struct follow_facts *facts)
{
	(void)facts;
	return options->max_failures == 1;
}

static bool is_one_too_many(const struct proctor_options *options, const struct follow_facts *facts)
{
	return options->max_failures > 0 && facts->nfailures + 1 >= options->max_failures;
}

/* Of bad outcomes. The first rule that applies counts: what is tried again has not failed yet. */
static const struct {
	bool (*applies)(const struct proctor_options *options, const struct follow_facts *facts);
	enum follow follow;
} rules[] = {
	{ may_try_again, FOLLOW_RETRY },
	{ is_last_crash, FOLLOW_END_CRASH },
	{ is_first_and_last, FOLLOW_END_FIRST },
	{ is_one_too_many, FOLLOW_END_FAILURES },
};

enum follow follow_of(const struct proctor_options *options, const struct follow_facts *facts)
{
	if (!verdict_is_failure(facts->verdict))
		return FOLLOW_NOTHING;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].applies(options, facts))
			return rules[i].follow;
	return FOLLOW_NOTHING;
}

const char *follow_reason(enum follow follow, const struct proctor_options *options,
			  const char *id, char *words, size_t nwords)
{
	words[0] = '\0';
	switch (follow) {
	case FOLLOW_END_CRASH:
		snprintf(words, nwords, "the run ended at the crash of %s", id);
		break;
	case FOLLOW_END_FIRST:
		snprintf(words, nwords, "the run ended at the first failure, %s", id);
		break;
	case FOLLOW_END_FAILURES:
		snprintf(words, nwords, "the run ended after %u failures, the last that of %s",
			 options->max_failures, id);
		break;
	case FOLLOW_NOTHING:
	case FOLLOW_RETRY:
		break;
	}
	return words;
}
