/* SPDX-License-Identifier: MIT */
/* Suites of TML's that are programs: all in one process where all are asked for, else each by its index. */
#include "coverage_runs.h"
#include "framework.h"

#include <unistd.h>

static const char *const isolations[] = { "--isolation=batch", "--isolation=fork", "--isolation=test" };

static void each_test_has_its_verdict(void **state)
{
	static const char *const threads[] = { "-j1", "-j2", "-j4", "-j8" };
	static const char *const programs[] = { "tml_exe/suite", "tml_exe/static" };

	(void)state;
	for (size_t i = 0; i < 3 * 4 * 2; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(threads[i % 4], isolations[i / 4 % 3], suite_path(programs[i / 12])),
			.env = WORDS(i % 2 ? "WAY=fail" : "WAY="),
		});
		const char *suite = strrchr(programs[i / 12], '/') + 1;

		for (unsigned t = 0; t < 5; t++) {
			char id[64];

			snprintf(id, sizeof(id), "%s::tml_test_%u", suite, t);
			run_check_verdict(run, id, t == 2 && i % 2 ? "fail" : "pass");
		}
		run_free(run);
	}
}

/* The compiler has them tell more, one day. */
static void json_is_understood(void **state)
{
	struct run *run = run_proctor(&(struct run_setup){
		.args = WORDS("--no-confirm", suite_path("tml_exe/suite")),
		.env = WORDS("WAY=fail", "TML_JSON=1"),
	});

	(void)state;
	framework_check_message(run, "suite::tml_test_2", "assertion failed");
	run_check_verdict(run, "suite::tml_test_4", "pass");
	run_free(run);
}

static void what_ends_the_process_is_blamed(void **state)
{
	static const struct framework_way ways[] = {
		{ "crash", "crash", "SIGSEGV" }, { "hang", "timeout", NULL }, { "exit", "fail", "exit status 1" },
		{ "flood", "pass", NULL }, { "close", NULL, NULL }, { "forge", "fail", "exit status 1" },
	};
	static const char *const others[] = {
		"suite::tml_test_0", "suite::tml_test_1", "suite::tml_test_3", "suite::tml_test_4", NULL,
	};

	(void)state;
	framework_check_ways(suite_path("tml_exe/suite"), ways, sizeof(ways) / sizeof(ways[0]), "suite::tml_test_2",
			     others);
}

static void a_stripped_one_is_handed_in(void **state)
{
	const char *path = suite_path("tml_exe/stripped");
	char manifest[] = "/tmp/proctor-manifest-XXXXXX.jsonl", option[128];
	FILE *f;
	struct run *run;

	(void)state;
	f = fdopen(mkstemps(manifest, 6), "w");
	assert_non_null(f);
	run = run_proctor(&(struct run_setup){ .args = WORDS(path) });
	assert_non_null(strstr(event_text(run_end(run, "stripped::(load)"), "message"), "by a manifest"));
	run_free(run);
	fprintf(f, "{\"path\": \"%s\", \"name\": \"s\", \"tests\": [{\"index\": 0, \"name\": \"zero\"}, "
		 "{\"index\": 2, \"name\": \"two\"}, {\"index\": 9, \"name\": \"nine\"}]}\n", path);
	fclose(f);
	snprintf(option, sizeof(option), "--manifest=%s", manifest);
	run = run_proctor(&(struct run_setup){ .args = WORDS(option), .env = WORDS("WAY=fail") });
	run_check_verdict(run, "s::zero", "pass");
	run_check_verdict(run, "s::two", "fail");
	framework_check_message(run, "s::nine", "no such test");
	run_free(run);
	unlink(manifest);
}

static void functions_are_counted(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct run *run = cover(true, WORDS("--coverage=tml", isolations[i], suite_path("tml_exe/suite")));

		check_complete(run, 0);
		assert_true(function_hits(run, "core::zero") != -1);
		assert_true(function_hits(run, "core::one") != -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(each_test_has_its_verdict),
		harness_test(json_is_understood),
		harness_test(what_ends_the_process_is_blamed),
		harness_test(a_stripped_one_is_handed_in),
		harness_test(functions_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
