/* SPDX-License-Identifier: MIT */
/* What README.md shows works as it is typed. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The root of the sources is where the tests are run, or stands above; left as the working directory. */
static char *readme_read(void)
{
	char *text = NULL;
	size_t ntext = 0;
	FILE *f;

	for (int up = 0; access("README.md", R_OK) < 0 && up < 4; up++)
		assert_int_equal(chdir(".."), 0);
	f = fopen("README.md", "re");
	assert_non_null(f);
	assert_true(getdelim(&text, &ntext, '\0', f) > 0);
	fclose(f);
	return text;
}

/* What stands between two texts, the first after `from`; allocated. */
static char *between(const char *text, const char *from, const char *begin, const char *end)
{
	const char *at = strstr(text, from), *until;

	at = at ? strstr(at, begin) : NULL;
	until = at ? strstr(at + strlen(begin), end) : NULL;
	if (!until)
		fail_msg("README.md has no %s", begin);
	return strndup(at + strlen(begin), (size_t)(until - at - strlen(begin)));
}

/* The commands name the default build; the one under test may be another. */
static void replace(char **command, const char *word, const char *by)
{
	char *at = strstr(*command, word), *replaced;

	if (!at)
		fail_msg("%s is not in: %s", word, *command);
	assert_true(asprintf(&replaced, "%.*s%s%s", (int)(at - *command), *command, by,
			     at + strlen(word)) > 0);
	free(*command);
	*command = replaced;
}

static char *output_of(const char *command, int *status)
{
	char *text = NULL;
	size_t ntext = 0;
	FILE *f = popen(command, "r");

	assert_non_null(f);
	if (getdelim(&text, &ntext, '\0', f) < 0)
		fail_msg("no output of: %s", command);
	*status = pclose(f) >> 8;
	return text;
}

static void the_first_suite_is_built_and_run(void **state)
{
	char dir[] = "/tmp/proctor-readme-XXXXXX", path[64], library[64];
	char *readme = readme_read(), *source = between(readme, "## A suite", "```c\n", "```");
	char *build = between(readme, "## A suite", "\n    cc ", "\n"), *out;
	char *run = between(readme, "## A suite", "\n    build/proctor ", "\n"), *command;
	int status;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/calculator.c", dir);
	snprintf(library, sizeof(library), "%s/libcalculator.so", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(source, f);
	fclose(f);
	replace(&build, "calculator.c", path);
	replace(&build, "libcalculator.so", library);
	replace(&run, "libcalculator.so", library);
	assert_true(asprintf(&command, "cc %s && %s %s; s=$?; rm -r %s; exit $s", build,
			     proctor_path(), run, dir) > 0);
	out = output_of(command, &status);
	if (status != 0 || !strstr(out, "\nTests: 1 passed, 0 failed, 0 skipped\n"))
		fail_msg("%s ends with %d: %s", command, status, out);
	free(readme);
	free(source);
	free(build);
	free(run);
	free(command);
	free(out);
}

/* The lines that are the same in every run: tests, messages, counts. */
static void the_demonstration_prints_what_is_shown(void **state)
{
	static const char *const same[] = {
		"FAIL    [", "] inventory::never_goes_below_zero\n",
		"inventory.c:24: stock == 0 is false: left is -2, right is 0\n", "CRASH   [",
		"  verdict  crashed, SIGSEGV, on worker ", "SIGSEGV, address not mapped, at 0x8\n",
		" in node_value (tests/suites/demo/parser.c:14) libparser.so+",
		"| last words: a list of one\n", "Failed (2):\n",
		"  parser::reads_a_list_of_one, crashed\n", "1 crashed; ",
		"Tests: 3 passed, 2 failed, 1 skipped\n",
	};
	char *readme = readme_read(), *shown = between(readme, "## What it says", "$ build/proctor ", "##");
	char *run = between(readme, "## What it says", "\n    $ build/proctor ", "\n"), *out, *command;
	char suites[4096];
	int status;

	(void)state;
	/* Beside the program that is tested. */
	snprintf(suites, sizeof(suites), "%.*s/demo/suites",
		 (int)(strrchr(proctor_path(), '/') - proctor_path()), proctor_path());
	replace(&run, "build/demo/suites", suites);
	assert_true(asprintf(&command, "%s %s", proctor_path(), run) > 0);
	out = output_of(command, &status);
	assert_int_equal(status, 1);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if (!strstr(out, same[i]))
			fail_msg("\"%s\" is not printed: %s", same[i], out);
		if (!strstr(shown, same[i]))
			fail_msg("\"%s\" is not in README.md", same[i]);
	}
	free(readme);
	free(shown);
	free(run);
	free(command);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_suite_is_built_and_run),
		cmocka_unit_test(the_demonstration_prints_what_is_shown),
	};

	return cmocka_run_group_tests_name("readme", tests, NULL, NULL);
}
