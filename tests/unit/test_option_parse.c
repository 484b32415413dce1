/* SPDX-License-Identifier: MIT */
#include "cli/option_parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/container.h"
#include "cli/option_table.h"

/* Parses the words of `line`, which the options keep pointing into. */
static int parse(struct options *o, enum command command, char *line, struct proctor_error *err)
{
	char *argv[16] = { "proctor" };
	int argc = 1;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return options_parse(o, command, argc, argv, err);
}

static void every_value_arrives(void **state)
{
	char line[] = "-j3 --timeout=500ms --grace 2m --max-output=64K --isolation=fork "
		      "--on-crash=continue --shard=2/5 --shuffle=9 --retries=0 -v / --loop=epoll";
	struct proctor_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, COMMAND_RUN, line, &err), 0);
	assert_int_equal(o.run.nthreads, 3);
	assert_int_equal(o.run.timeout_us, 500000);
	assert_int_equal(o.run.grace_us, 120000000);
	assert_int_equal(o.run.max_output_bytes, 65536);
	assert_int_equal(o.run.isolation, PROCTOR_ISOLATION_FORK);
	assert_int_equal(o.run.on_crash, PROCTOR_ON_CRASH_CONTINUE);
	assert_int_equal(o.selection.shard_index, 2);
	assert_int_equal(o.selection.shard_count, 5);
	assert_true(o.run.shuffle);
	assert_int_equal(o.run.seed, 9);
	assert_int_equal(o.volume, TERMINAL_VERBOSE);
	assert_int_equal(o.run.loop, PROCTOR_LOOP_EPOLL);
	assert_int_equal(o.npaths, 1);
	options_fini(&o);
}

static int parse_one(struct options *o, char *word, struct proctor_error *err)
{
	char *argv[] = { "proctor", word, "/" };

	return options_parse(o, COMMAND_RUN, 3, argv, err);
}

static void words_are_taken_apart_as_a_shell_does(void **state)
{
	static const struct {
		const char *value, *error;
	} wrong[] = {
		{ "'a", "has a quote that does not end" }, { "$(ls)", "has a command to be executed" },
		{ "`ls`", "has a command to be executed" }, { "a; b", "has one of |&;<>(){}" },
		{ "$PROCTOR_NO_SUCH_VARIABLE", "names a variable that is not set" },
	};
	struct proctor_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse_one(&o, (char[]){ "--wrap=a 'b c' d\\ e \"\"" }, &err), 0);
	assert_int_equal(o.wrap.n, 4);
	assert_string_equal(o.wrap.list[1], "b c");
	assert_string_equal(o.wrap.list[2], "d e");
	assert_string_equal(o.wrap.list[3], "");
	assert_null(o.wrap.list[4]);
	options_fini(&o);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char word[64];

		snprintf(word, sizeof(word), "--exe-args=%s", wrong[i].value);
		assert_int_equal(parse_one(&o, word, &err), -EINVAL);
		assert_non_null(strstr(err.text, wrong[i].error));
	}
}

static void one_option_has_several_ways_to_be_given(void **state)
{
	static const struct {
		const char *line;
		unsigned nthreads;
		enum color_choice color;
		unsigned max_failures;
		enum proctor_on_crash on_crash;
	} cases[] = {
		{ "--jobs=3", 3, COLOR_AUTO, 0, PROCTOR_ON_CRASH_AUTO },
		{ "-j 3 --color", 3, COLOR_ALWAYS, 0, PROCTOR_ON_CRASH_AUTO },
		{ "-qj3 --color=always", 3, COLOR_ALWAYS, 0, PROCTOR_ON_CRASH_AUTO },
		{ "--color=never", 0, COLOR_NEVER, 0, PROCTOR_ON_CRASH_AUTO },
		{ "--no-color --color=auto", 0, COLOR_AUTO, 0, PROCTOR_ON_CRASH_AUTO },
		{ "--color never", 0, COLOR_ALWAYS, 0, PROCTOR_ON_CRASH_AUTO },
		{ "--fail-fast", 0, COLOR_AUTO, 1, PROCTOR_ON_CRASH_AUTO },
		{ "--max-fail=7", 0, COLOR_AUTO, 7, PROCTOR_ON_CRASH_AUTO },
		{ "--fail-fast --no-fail-fast", 0, COLOR_AUTO, 0, PROCTOR_ON_CRASH_CONTINUE },
		{ "--on-crash=stop --no-fail-fast", 0, COLOR_AUTO, 0, PROCTOR_ON_CRASH_STOP },
		{ "--no-fail-fast --on-crash=auto", 0, COLOR_AUTO, 0, PROCTOR_ON_CRASH_AUTO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct proctor_error err;
		struct options o;
		char line[128];

		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(parse(&o, COMMAND_RUN, line, &err), 0);
		assert_int_equal(o.run.nthreads, cases[i].nthreads);
		assert_int_equal(o.color, cases[i].color);
		assert_int_equal(o.run.max_failures, cases[i].max_failures);
		assert_int_equal(o.run.on_crash, cases[i].on_crash);
		options_fini(&o);
	}
}

static void no_suite_is_isolation_test(void **state)
{
	char line[] = "--no-suite --no-cache --shuffle /";
	struct proctor_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, COMMAND_RUN, line, &err), 0);
	assert_int_equal(o.run.isolation, PROCTOR_ISOLATION_TEST);
	assert_true(o.run.shuffle);
	assert_int_equal(o.run.seed, 0);
	options_fini(&o);
}

static void words_that_are_no_files_are_filters(void **state)
{
	char line[] = "no_such_word --filter=b* / ./no_such_file libno_such.so no_such.json -- --skip";
	struct proctor_error err;
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, COMMAND_RUN, line, &err), 0);
	assert_int_equal(o.selection.nfilters, 3);
	assert_string_equal(o.selection.filters[0], "no_such_word");
	assert_string_equal(o.selection.filters[1], "b*");
	assert_string_equal(o.selection.filters[2], "--skip");
	/* Not these: they are missing. */
	assert_int_equal(o.npaths, 4);
	assert_string_equal(o.paths[1], "./no_such_file");
	assert_string_equal(o.paths[2], "libno_such.so");
	assert_string_equal(o.paths[3], "no_such.json");
	options_fini(&o);
}

static void wrong_usage_is_one_sentence(void **state)
{
	static const struct {
		enum command command;
		const char *line, *part;
	} cases[] = {
		{ COMMAND_RUN, "--test-threads=0 x", "--test-threads: 0 is not between 1 and 64" },
		{ COMMAND_RUN, "--test-threads=65 x", "--test-threads: 65 is not between 1 and 64" },
		{ COMMAND_RUN, "--test-threads=-1 x", "--test-threads: " },
		{ COMMAND_RUN, "-j 4x x", "--test-threads: \"4x\"" },
		{ COMMAND_RUN, "-j", "--test-threads needs a value" },
		{ COMMAND_RUN, "--test-threads=18446744073709551617", "--test-threads: " },
		{ COMMAND_RUN, "--timeout=0", "--timeout: 0 is too short" },
		{ COMMAND_RUN, "--timeout=9999999h", "--timeout: 9999999h is too long" },
		{ COMMAND_RUN, "--max-output=2G", "--max-output: 2G" },
		{ COMMAND_RUN, "--isolation=tset", "none of batch, test, fork" },
		{ COMMAND_RUN, "--on-crash=go", "none of auto, stop, continue" },
		{ COMMAND_RUN, "--shard=0/3", "--shard: 0 is not between 1 and 3" },
		{ COMMAND_RUN, "--shard=4/3", "--shard: 4 is not between 1 and 3" },
		{ COMMAND_RUN, "--shard=3", "not a shard" },
		{ COMMAND_RUN, "--shuffle=0", "--shuffle: 0" },
		{ COMMAND_RUN, "--verbose=1", "--verbose takes no value" },
		{ COMMAND_RUN, "--test-treads=3", "did you mean --test-threads?" },
		{ COMMAND_RUN, "--timout 3", "did you mean --timeout?" },
		{ COMMAND_RUN, "--no-cac", "unknown option --no-cac; did you mean --no-cache?" },
		{ COMMAND_RUN, "--time=3", "unknown option --time; did you mean --timeout?" },
		{ COMMAND_RUN, "--cov", "unknown option --cov" },
		{ COMMAND_RUN, "--=3", "unknown option --" },
		{ COMMAND_RUN, "--jobs=65", "--jobs: 65 is not between 1 and 64" },
		{ COMMAND_RUN, "--max-fail=0", "--max-fail: 0 is not between 1" },
		{ COMMAND_RUN, "--slowest=many", "--slowest: " },
		{ COMMAND_RUN, "--color=blue", "none of auto, always, never" },
		{ COMMAND_RUN, "--show-output=some", "none of failed, all, none" },
		{ COMMAND_RUN, "--events=- --nocapture /", "--events=- and --nocapture" },
		{ COMMAND_RUN, "--junit=- /", "--junit: the standard output is the report's" },
		{ COMMAND_RUN, "--zzzzzzzzz", "unknown option --zzzzzzzzz" },
		{ COMMAND_RUN, "-vz", "unknown option -z" },
		{ COMMAND_RUN, "--json", "unknown option --json" },
		{ COMMAND_LIST, "--timeout=3", "unknown option --timeout" },
		{ COMMAND_LIST, "-j3", "unknown option -j" },
		{ COMMAND_DOCTOR, "--filter=x", "unknown option --filter" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct proctor_error err;
		struct options o;
		char line[128];

		snprintf(line, sizeof(line), "%s", cases[i].line);
		assert_int_equal(parse(&o, cases[i].command, line, &err), -EINVAL);
		if (!strstr(err.text, cases[i].part))
			fail_msg("%s: %s", cases[i].line, err.text);
		assert_null(strchr(err.text, '\n'));
	}
}

/* As an unset variable of a script leaves them. */
static void what_is_empty_is_wrong_usage(void **state)
{
	(void)state;
	for (size_t i = 0; i < option_count; i++) {
		char word[64], *argv[] = { "proctor", word, "/" };
		struct proctor_error err;
		struct options o;

		if (option_table[i].value == OPTION_FLAG)
			continue;
		snprintf(word, sizeof(word), "--%s=", option_table[i].name);
		if (options_parse(&o, option_table[i].commands & COMMAND_RUN ? COMMAND_RUN :
				  COMMAND_LIST, 3, argv, &err) != -EINVAL)
			fail_msg("%s is taken", word);
		assert_non_null(strstr(err.text, option_table[i].name));
		assert_non_null(strstr(err.text, "empty"));
	}
	for (size_t i = 1; i < 3; i++) {
		char *argv[] = { "proctor", i == 1 ? "" : "--skip", i == 1 ? "/" : "" };
		struct proctor_error err;
		struct options o;

		assert_int_equal(options_parse(&o, COMMAND_RUN, 3, argv, &err), -EINVAL);
		assert_non_null(strstr(err.text, "empty"));
	}
}

/* The root of the sources is where the tests are run, or stands above. */
static char *source_read(const char *path)
{
	char *text = NULL, tried[128];
	size_t ntext = 0;
	FILE *f = NULL;

	for (int up = 0; !f && up < 4; up++) {
		snprintf(tried, sizeof(tried), "%.*s%s", 3 * up, "../../../", path);
		f = fopen(tried, "r");
	}
	if (!f)
		fail_msg("%s is not to be found from here", path);
	if (getdelim(&text, &ntext, '\0', f) < 0)
		fail_msg("%s is empty", path);
	fclose(f);
	return text;
}

static bool name_character(char c)
{
	return (c >= 'a' && c <= 'z') || c == '-' || c == '\\';
}

/* True if the option stands behind `lead` as a word of its own; `dash` is how hyphens are written. */
static bool mentioned(const char *text, const char *lead, const char *name, const char *dash)
{
	char word[128];
	size_t n = 0;

	n += (size_t)snprintf(word, sizeof(word), "%s", lead);
	for (; *name; name++)
		n += (size_t)snprintf(word + n, sizeof(word) - n, "%s",
				      *name == '-' ? dash : (char[]){ *name, '\0' });
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if (!name_character(at[n]) || strncmp(at + n, "\\fR", 3) == 0)
			return true;
	return false;
}

static void every_option_is_documented(void **state)
{
	static const struct {
		const char *path, *lead, *dash;
	} files[] = {
		{ "docs/09-CLI.md", "--", "-" },
		{ "docs/proctor.1", "\\-\\-", "\\-" },
		{ "tools/completion/proctor.bash", "--", "-" },
		{ "tools/completion/_proctor", "--", "-" },
		{ "tools/completion/proctor.fish", " -l ", "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = source_read(files[i].path);

		for (size_t k = 0; k < option_count; k++)
			if (mentioned(text, files[i].lead, option_table[k].name,
				      files[i].dash) ==
			    option_table[k].hidden)
				fail_msg("--%s in %s", option_table[k].name, files[i].path);
		free(text);
	}
}

/* `name` is followed by what ends it in a table of the chapter or in the completion. */
static bool option_known(const char *name, size_t nname)
{
	static const char *const others[] = { "version" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strlen(others[i]) == nname && memcmp(others[i], name, nname) == 0)
			return true;
	for (size_t i = 0; i < option_count; i++)
		if (strlen(option_table[i].name) == nname &&
		    memcmp(option_table[i].name, name, nname) == 0)
			return true;
	return false;
}

/* "\-" of a manual page is "-". */
static void hyphens_plain(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (from[0] != '\\' || from[1] != '-')
			*to++ = *from;
	*to = '\0';
}

static void every_documented_option_exists(void **state)
{
	static const struct {
		const char *path, *lead;
	} files[] = {
		{ "docs/09-CLI.md", "--" },
		{ "docs/proctor.1", "--" },
		{ "tools/completion/proctor.bash", "--" },
		{ "tools/completion/_proctor", "--" },
		{ "tools/completion/proctor.fish", " -l " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char *text = source_read(files[i].path);
		size_t nlead = strlen(files[i].lead);

		hyphens_plain(text);
		for (const char *at = strstr(text, files[i].lead); at;
		     at = strstr(at + nlead, files[i].lead)) {
			size_t n = strspn(at + nlead, "abcdefghijklmnopqrstuvwxyz-");

			/* Not the rulers of tables, nor a "--" that stands alone. */
			if (n == 0 || at[nlead] == '-')
				at += n;
			else if (!option_known(at + nlead, n))
				fail_msg("%s has --%.*s", files[i].path, (int)n, at + nlead);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_arrives),
		cmocka_unit_test(words_are_taken_apart_as_a_shell_does),
		cmocka_unit_test(one_option_has_several_ways_to_be_given),
		cmocka_unit_test(no_suite_is_isolation_test),
		cmocka_unit_test(words_that_are_no_files_are_filters),
		cmocka_unit_test(wrong_usage_is_one_sentence),
		cmocka_unit_test(what_is_empty_is_wrong_usage),
		cmocka_unit_test(every_option_is_documented),
		cmocka_unit_test(every_documented_option_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
