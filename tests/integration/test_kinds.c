/* SPDX-License-Identifier: MIT */
/* --list-kinds: which frameworks there are, and of which one, and which version of it, a file is. */
#include "framework.h"

#include <unistd.h>

static struct run *list(const char *const *args)
{
	return run_proctor(&(struct run_setup){
		.command = "list", .args = args, .no_events = true, .no_loop = true,
	});
}

static void every_framework_has_a_line(void **state)
{
	static const char *const names[] = {
		"tml", "tml-exe", "suite.h", "exe", "tap", "googletest", "rust", "go", "catch2", "catch2-v2",
		"doctest", "boost",
	};
	struct run *run = list(WORDS("--list-kinds"));
	const char *at = run->out;
	json_t *json;

	(void)state;
	assert_int_equal(run->exit_code, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(strncmp(at, names[i], strlen(names[i])), 0);
		assert_int_equal(at[strlen(names[i])], ' ');
		assert_true(strchr(at, '\n') - at > 20);
		at = strchr(at, '\n') + 1;
	}
	assert_int_equal(*at, '\0');
	run_free(run);

	run = list(WORDS("--list-kinds", "--json"));
	json = json_loads(run->out, 0, NULL);
	assert_int_equal(json_array_size(json), sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < json_array_size(json); i++) {
		assert_string_equal(event_text(json_array_get(json, i), "framework"), names[i]);
		assert_true(strlen(event_text(json_array_get(json, i), "known_by")) > 10);
	}
	json_decref(json);
}

/* It has the texts of Rust's libtest, and leaves a file when it is started. */
static const char source[] =
	"#include <stdio.h>\n"
	"const char *texts[] = { \"RUST_TEST_NOCAPTURE\", \"include-ignored\" };\n"
	"__asm__(\".ident \\\"rustc version 1.2.3 (f00)\\\"\");\n"
	"int main(void) { puts(texts[fopen(STARTED, \"w\") == 0]); return 0; }\n";

static void files_are_looked_at_and_not_started(void **state)
{
	char dir[] = "/tmp/proctor-kinds-XXXXXX", command[256], program[64], broken[64], started[64];
	struct run *run;
	json_t *json;
	FILE *f;

	(void)state;
	need_program("cc");
	assert_non_null(mkdtemp(dir));
	snprintf(program, sizeof(program), "%s/program", dir);
	snprintf(started, sizeof(started), "%s/started", dir);
	snprintf(broken, sizeof(broken), "%s/libbroken.so", dir);
	snprintf(command, sizeof(command), "cc -x c -DSTARTED='\"%s\"' -o %s - && : >%s", started, program, broken);
	f = popen(command, "w");
	assert_non_null(f);
	fputs(source, f);
	assert_int_equal(pclose(f), 0);

	run = list(WORDS("--list-kinds", program, "/bin/sh", suite_path("options/liboptions.so")));
	assert_int_equal(run->exit_code, 0);
	assert_string_equal(run->out, "program  rust        1.2.3\n"
			    "sh       exe         -\n"
			    "options  tml         -\n");
	run_free(run);
	run = list(WORDS("--list-kinds", "--json", program, broken));
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->err, "libbroken.so is empty"));
	json = json_loads(run->out, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	assert_string_equal(event_text(json_array_get(json, 0), "suite"), "program");
	assert_string_equal(event_text(json_array_get(json, 0), "path"), program);
	assert_string_equal(event_text(json_array_get(json, 0), "version"), "1.2.3");
	assert_null(json_object_get(json_array_get(json, 1), "framework"));
	assert_null(json_object_get(json_array_get(json, 1), "version"));
	json_decref(json);
	run_free(run);
	/* What was asked for is what it is. */
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--list-kinds", "--framework=exe", program), .no_events = true, .no_loop = true,
	});
	assert_string_equal(run->out, "program  exe         -\n");
	assert_int_not_equal(access(started, F_OK), 0);

	unlink(program);
	unlink(broken);
	rmdir(dir);
}

static void a_file_that_is_not_there_is_wrong_usage(void **state)
{
	struct run *run = list(WORDS("--list-kinds", "/no/such/file"));

	(void)state;
	assert_int_equal(run->exit_code, 2);
	assert_string_equal(run->out, "file  -           -\n");
	assert_non_null(strstr(run->err, "cannot open /no/such/file"));
}

static void what_chooses_tests_is_wrong_usage(void **state)
{
	static const struct {
		const char *word;
		int exit_code;
	} rows[] = {
		{ "--filter=x", 2 }, { "--skip=x", 2 }, { "--suite=x", 2 }, { "--shard=1/2", 2 }, { "--sequence=x", 2 },
		{ "filter", 2 }, { "--no-cache", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *run = list(WORDS("--list-kinds", rows[i].word, "/bin/sh"));

		if (run->exit_code != rows[i].exit_code)
			fail_msg("%s: exit status %d", rows[i].word, run->exit_code);
		assert_true((run->nerr > 0) == (rows[i].exit_code == 2));
		run_free(run);
	}
}

/* The version is the one that somebody else tells. */
static void check_version(const char *path, const char *compiler, const char *framework, const char *asked,
			  const char *argument)
{
	const char *program = framework_program(path, compiler);
	struct run *run = list(WORDS("--list-kinds", "--json", program));
	json_t *json = json_loads(run->out, 0, NULL);
	char *said = framework_own_output(asked ? asked : program, argument);
	const char *version = event_text(json_array_get(json, 0), "version");

	assert_string_equal(event_text(json_array_get(json, 0), "framework"), framework);
	if (!*version || !strstr(said, version))
		fail_msg("\"%s\" is not in: %s", version, said);
	free(said);
	json_decref(json);
	run_free(run);
}

static void rusts_version_is_its_compilers(void **state)
{
	(void)state;
	check_version("rust/stripped", "rustc", "rust", "rustc", "--version");
}

static void gos_version_is_its_compilers(void **state)
{
	(void)state;
	check_version("go/stripped", "go", "go", "go", "version");
}

static void doctests_version_is_what_it_says_itself(void **state)
{
	(void)state;
	check_version("doctest/stripped", "doctest (doctest-dev)", "doctest", NULL, "--version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(every_framework_has_a_line),
		harness_test(files_are_looked_at_and_not_started),
		harness_test(a_file_that_is_not_there_is_wrong_usage),
		harness_test(what_chooses_tests_is_wrong_usage),
		harness_test(rusts_version_is_its_compilers),
		harness_test(gos_version_is_its_compilers),
		harness_test(doctests_version_is_what_it_says_itself),
	};

	return cmocka_run_group_tests_name("kinds", tests, NULL, NULL);
}
