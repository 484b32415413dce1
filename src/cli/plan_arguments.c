/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/pattern.h"
#include "cli/listing_signals.h"

/* Says on stderr which suites cannot be run, and why. The report will have that too; but not all
 * read it. */
static void say_broken(const struct proctor_plan *plan, struct plan_outcome *outcome)
{
	size_t ntests = proctor_plan_ntests(plan);
	const char *last = NULL;

	outcome->all_broken = ntests > 0;
	for (size_t i = 0; i < ntests; i++) {
		const char *why = proctor_plan_broken(plan, i);

		if (!why)
			outcome->all_broken = false;
		else if (why != last)
			say(why);
		last = why;
	}
}

static bool filter_fits(const struct proctor_plan *plan, const char *pattern)
{
	for (size_t i = 0; i < proctor_plan_ntests(plan); i++)
		if (pattern_matches(proctor_plan_test(plan, i)->id, pattern))
			return true;
	return false;
}

/* Says which filters fit no test. With several filters nobody would notice that one was mistyped,
 * as the others select something. */
static void say_idle_filters(const struct proctor_plan *plan, const struct proctor_selection *sel)
{
	struct proctor_error idle;

	for (size_t i = 0; i < sel->nfilters; i++) {
		if (filter_fits(plan, sel->filters[i]))
			continue;
		error_set(&idle, -ENOENT, "no test fits the filter \"%s\", of %zu found",
			  sel->filters[i], proctor_plan_ntests(plan));
		say_error(&idle);
	}
}

/* What its processes are started with. */
static int set_command(struct proctor_plan *plan, const struct options *o, struct proctor_error *err)
{
	int ret = o->no_cache ? 0 : proctor_plan_set_list_cache(plan, "", err);

	if (ret == 0)
		ret = proctor_plan_set_arguments(plan, (const char *const *)o->arguments.list, err);

	return ret < 0 ? ret : proctor_plan_set_wrap(plan, (const char *const *)o->wrap.list, err);
}

int plan_add_arguments(struct proctor_plan *plan, const struct options *o,
		       struct plan_outcome *outcome)
{
	struct proctor_error err;
	int ret;

	*outcome = (struct plan_outcome){ 0 };
	/* Cannot fail: the name was checked when the option was read. */
	proctor_plan_set_framework(plan, o->framework, NULL);
	proctor_plan_set_list_timeout(plan, o->run.timeout_us);
	ret = set_command(plan, o, &err);
	if (ret < 0) {
		say_error(&err);
		outcome->nrefused++;
		return ret == -ENOMEM ? ret : 0;
	}
	for (size_t i = 0; i < o->nmanifests + o->npaths; i++) {
		ret = i < o->nmanifests ?
		      proctor_plan_add_manifest(plan, o->manifests[i], &err) :
		      proctor_plan_add_path(plan, o->paths[i - o->nmanifests], o->exe_glob, &err);
		if (ret == 0)
			continue;
		say_error(&err);
		if (ret == -ENOMEM)
			return ret;
		outcome->nrefused++;
	}
	return 0;
}

int plan_arguments(struct proctor_plan *plan, const struct options *o,
		   struct plan_outcome *outcome)
{
	struct proctor_error err;
	int ret = plan_add_arguments(plan, o, outcome);

	if (ret < 0)
		return ret;
	outcome->signo = listing_await(plan);
	if (outcome->signo > 0)
		return -ECANCELED;
	outcome->nfound = proctor_plan_ntests(plan);
	if (o->selection.group && outcome->nfound > 0)
		outcome->unknown_group = say_unknown_group(plan, o->selection.group);
	if (outcome->nfound > 0)
		say_idle_filters(plan, &o->selection);
	ret = proctor_plan_select(plan, &o->selection, &err);
	if (ret < 0) {
		say_error(&err);
		outcome->nrefused++;
		/* A test that is not there: then nothing is selected. */
		return ret == -ENOENT ? 0 : ret;
	}
	say_broken(plan, outcome);
	return 0;
}

int print_suites(const struct proctor_plan *plan)
{
	const char *last = NULL;
	char *both;

	/* Plan order: the tests of a suite stand together. */
	for (size_t i = 0; i < proctor_plan_ntests(plan); i++) {
		const struct proctor_test *test = proctor_plan_test(plan, i);

		if (last && strcmp(last, test->suite) == 0)
			continue;
		last = test->suite;
		if (!test->group[0]) {
			print_line(test->suite);
			continue;
		}
		if (asprintf(&both, "%s (%s)", test->suite, test->group) < 0)
			both = NULL;
		print_line(both ? both : test->suite);
		free(both);
	}
	return proctor_plan_ntests(plan) > 0 ? EXIT_PASSED : EXIT_NOTHING;
}
