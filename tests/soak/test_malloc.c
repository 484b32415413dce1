/* SPDX-License-Identifier: MIT */
/*
 * Memory that is not to be had: each allocation of proctor fails once, and all from each tenth on
 * fail for good. Nobody dies of it, no verdict is wrong, and what is lost is said: exit code 3.
 */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define SAMPLE 8

struct material {
	const char *name;
	const char *const *args;
	const char *junit;		/* the file that the arguments name; NULL: none */
};

static void failmalloc_path(char *env, size_t nenv)
{
	const char *proctor = getenv("PROCTOR");
	const char *slash = strrchr(proctor ? proctor : "build/proctor", '/');

	snprintf(env, nenv, "LD_PRELOAD=%.*s/tests/soak/failmalloc.so",
		 (int)(slash - (proctor ? proctor : "build/proctor")),
		 proctor ? proctor : "build/proctor");
}

/* How many allocations an undisturbed run makes. */
static unsigned count_places(const char *const *args)
{
	char preload[512], count[128], path[] = "/tmp/proctor-soak-count-XXXXXX";
	struct trial t;
	unsigned n = 0;
	FILE *file;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	failmalloc_path(preload, sizeof(preload));
	snprintf(count, sizeof(count), "FAIL_MALLOC_COUNT=%s", path);
	trial_start(&t, &(struct trial_setup){ .args = args, .env = WORDS(preload, count) });
	assert_true(trial_wait(&t, DEADLINE_MS));
	trial_end(&t);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &n), 1);
	fclose(file);
	unlink(path);
	assert_true(n > 100);
	return n;
}

/* What says that it went well has its JUnit report whole. */
static void check_junit(const struct material *m, const struct trial *t, const struct truth *truth,
			char *problem, size_t nproblem)
{
	char *text = NULL;
	size_t ntext = 0, ncases = 0;
	FILE *file = fopen(m->junit, "re");

	if (file && getdelim(&text, &ntext, '\0', file) > 0)
		for (const char *at = text; (at = strstr(at, "<testcase ")); at++)
			ncases++;
	if (file)
		fclose(file);
	if (WEXITSTATUS(t->status) <= 1 && !*problem &&
	    (ncases != truth->ntests || !strstr(text, "</testsuites>")))
		snprintf(problem, nproblem, "the JUnit report has %zu of %zu tests; exit code %d",
			 ncases, truth->ntests, WEXITSTATUS(t->status));
	free(text);
	unlink(m->junit);
}

static void fail_at(struct tally *tally, const struct truth *truth, const struct material *m,
		    unsigned from, bool for_good)
{
	char preload[512], first[64], last[64], title[64], problem[600];
	struct trial t;
	bool in_time;

	failmalloc_path(preload, sizeof(preload));
	snprintf(first, sizeof(first), "FAIL_MALLOC_FROM=%u", from);
	snprintf(last, sizeof(last), "FAIL_MALLOC_UPTO=%u", for_good ? 1u << 31 : from);
	snprintf(title, sizeof(title), "%s: allocation %u%s", m->name, from,
		 for_good ? " and all after it" : "");
	trial_start(&t, &(struct trial_setup){ .args = m->args,
					       .env = WORDS(preload, first, last) });
	in_time = trial_wait(&t, DEADLINE_MS);
	trial_judge(&t, in_time, truth, problem, sizeof(problem));
	if (m->junit)
		check_junit(m, &t, truth, problem, sizeof(problem));
	tally_add(tally, &t, title, *problem ? problem : NULL);
	trial_end(&t);
}

static void memory_is_missed_by_nobody(void **state)
{
	const struct material *m = *state;
	struct tally once = { .what = "allocations failed once" };
	struct tally for_good = { .what = "allocations failed for good" };
	struct truth truth;
	unsigned nplaces;

	truth_find(&truth, &(struct trial_setup){ .args = m->args });
	nplaces = count_places(m->args);
	print_message("%s: %u allocations\n", m->name, nplaces);
	for (unsigned i = 1; i <= (soaking() ? nplaces : SAMPLE); i++)
		fail_at(&once, &truth, m, soaking() ? i : 1 + draw(nplaces), false);
	for (unsigned i = 1; i <= (soaking() ? nplaces : 10 * SAMPLE); i += 10)
		fail_at(&for_good, &truth, m, soaking() ? i : 1 + draw(nplaces), true);
	truth_fini(&truth);
	tally_end(&once);
	tally_end(&for_good);
}

int main(int argc, char **argv)
{
	const struct material mixed = {
		.name = "mixed",
		.args = WORDS("--test-threads=2", "--timeout=10s", "--grace=50ms",
			      "--on-crash=continue", suite_path("soak/libmixed.so"),
			      suite_path("entry/libentry.so"), suite_path("exe_options/fails"),
			      suite_path("exe_options/passes")),
	}, fine = {
		.name = "fine",
		.args = WORDS("--test-threads=2", "--timeout=10s", "--retries=1",
			      suite_path("soak/libfine.so"), suite_path("exe_options/passes"),
			      suite_path("exe_options/skips"), suite_path("smoke/libsmoke_0.so")),
	};
	char junit[64], option[80];
	const struct material reports = {
		.name = "reports", .junit = junit,
		.args = WORDS("--test-threads=2", "--timeout=10s", option, "--on-crash=continue",
			      suite_path("soak/libfine.so"), suite_path("exe_options/fails")),
	};
	const struct CMUnitTest tests[] = {
		{ "fine", memory_is_missed_by_nobody, NULL, NULL, (void *)&fine },
		{ "mixed", memory_is_missed_by_nobody, NULL, NULL, (void *)&mixed },
		{ "reports", memory_is_missed_by_nobody, NULL, NULL, (void *)&reports },
	};

	snprintf(junit, sizeof(junit), "/tmp/proctor-soak-%d.xml", (int)getpid());
	snprintf(option, sizeof(option), "--junit=%s", junit);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("malloc", tests, NULL, NULL);
}
