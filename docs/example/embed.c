/* SPDX-License-Identifier: MIT */
/*
 * usage: embed SUITE[:NTESTS]...
 *
 * Runs suites with libproctor. A plain path is looked into for tests, as the command line tool
 * does. With :NTESTS nothing is looked for: the tests are handed in one by one, as a compiler does
 * that has just built the library and knows what is in it.
 *
 *     cc embed.c $(pkg-config --cflags --libs proctor) -o embed
 */
#include <proctor/proctor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called on another thread than main's, one event at a time. `data` is what proctor_run() got. */
static int on_event(const struct proctor_event *event, void *data)
{
	unsigned *nnotes = data;

	switch (event->kind) {
	case PROCTOR_RUN_START:
		printf("%zu tests, %u threads, %s\n", event->ntests, event->nthreads, event->loop);
		break;
	case PROCTOR_TEST_END:
		printf("%-8s %s\n", proctor_verdict_name(event->result->verdict), event->test->id);
		if (event->result->message)
			printf("         %s\n", event->result->message);
		break;
	case PROCTOR_TEST_CONFIRMED:
		printf("%s %s\n", event->test->id, event->confirmation->text);
		break;
	case PROCTOR_NOTE:
		printf("note %u: %s\n", ++*nnotes, event->text);
		break;
	case PROCTOR_TEST_START:
	case PROCTOR_TEST_SLOW:
	case PROCTOR_RUNNING:
	case PROCTOR_TICK:
	case PROCTOR_COVERAGE:
	case PROCTOR_RUN_END:
		break;
	}
	return 0;	/* a negative errno would stop the run */
}

/* Adds `ntests` tests of the library at `path`: tml_test_0 and so on, under names of our own. */
static int hand_in(struct proctor_plan *plan, const char *path, unsigned ntests,
		   struct proctor_error *err)
{
	struct proctor_suite_desc suite_desc = { .path = path, .group = "handed-in" };
	size_t suite;
	int ret = proctor_plan_add_suite(plan, &suite_desc, &suite, err);

	for (unsigned i = 0; i < ntests && ret == 0; i++) {
		char name[32];
		struct proctor_test_desc test = { .index = i, .name = name, .timeout_us = 5000000 };

		snprintf(name, sizeof(name), "number-%u", i);
		ret = proctor_plan_add_test(plan, suite, &test, err);
	}
	return ret;
}

int main(int argc, char **argv)
{
	struct proctor_options options = { .on_crash = PROCTOR_ON_CRASH_CONTINUE };
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err = { .code = 0 };
	struct proctor_counts counts;
	int ret = 0, exit_code = 3;
	unsigned nnotes = 0;

	if (!plan)
		return 3;
	for (int i = 1; i < argc && ret == 0; i++) {
		char *colon = strrchr(argv[i], ':');

		if (colon) {
			*colon = '\0';
			ret = hand_in(plan, argv[i], (unsigned)strtoul(colon + 1, NULL, 10), &err);
		} else {
			ret = proctor_plan_add_path(plan, argv[i], NULL, &err);
		}
	}
	if (ret == 0)
		ret = proctor_run(plan, &options, on_event, &nnotes, &counts, &exit_code, &err);
	if (ret == 0)
		printf("%zu of %zu passed\n", counts.by_verdict[PROCTOR_PASS], counts.total);
	else
		fprintf(stderr, "embed: %s\n", err.text);
	proctor_plan_free(plan);
	return ret == 0 ? exit_code : 3;
}
