/* SPDX-License-Identifier: MIT */
/* Lists of tests that are kept from run to run: what `proctor run` and `proctor list` make of them. */
#include "harness.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory with a program, where it notes how often it was asked for its tests, and a home. */
struct place {
	char dir[64], program[96], asked[96], home[96];
	char home_variable[112], cache_variable[128];
};

/* What matters of a program of libtest. It is asked for its tests with --list. */
static const char source[] =
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#include <string.h>\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	int lists = 0;\n"
	"	for (int i = 1; i < argc; i++)\n"
	"		lists |= strcmp(argv[i], \"--list\") == 0;\n"
	"	if (lists) {\n"
	"		fputc('x', fopen(ASKED, \"a\"));\n"
	"		puts(\"one: test\\ntwo: test\");\n"
	"		if (access_data()) puts(\"three: test\");\n"
	"		return 0;\n"
	"	}\n"
	"	puts(\"\\nrunning 2 tests\\ntest one ... ok\\ntest two ... ok\\n\");\n"
	"	puts(\"test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\\n\");\n"
	"	return 0;\n"
	"}\n";

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char command[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void place_build(const struct place *p)
{
	FILE *file;
	char path[96];

	snprintf(path, sizeof(path), "%s/program.c", p->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#include <unistd.h>\n#define ASKED \"%s\"\n#define access_data() (access(\"%s/data\", 0) == 0)\n%s",
		p->asked, p->dir, source);
	assert_int_equal(fclose(file), 0);
	shell("%s -o %s.new %s && mv %s.new %s", getenv("CC") ? getenv("CC") : "cc", p->program, path, p->program,
	      p->program);
	/* What was written a moment ago is not relied on. */
	usleep(300000);
}

static int place_setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	snprintf(p->dir, sizeof(p->dir), "/tmp/proctor-lists-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->program, sizeof(p->program), "%s/program", p->dir);
	snprintf(p->asked, sizeof(p->asked), "%s/asked", p->dir);
	snprintf(p->home, sizeof(p->home), "%s/home", p->dir);
	snprintf(p->home_variable, sizeof(p->home_variable), "HOME=%s", p->home);
	snprintf(p->cache_variable, sizeof(p->cache_variable), "XDG_CACHE_HOME=%s/.cache", p->home);
	assert_int_equal(mkdir(p->home, 0700), 0);
	place_build(p);
	*state = p;
	return 0;
}

static int place_teardown(void **state)
{
	struct place *p = *state;
	int ret = harness_teardown(state);

	shell("chmod -R u+w %s && rm -r %s", p->dir, p->dir);
	free(p);
	return ret;
}

static int times_asked(const struct place *p)
{
	struct stat st;

	return stat(p->asked, &st) == 0 ? (int)st.st_size : 0;
}

/* `proctor list`: how many tests it prints. */
static int list_with(const struct place *p, const char *option, const char *variable)
{
	struct run *run = run_proctor(&(struct run_setup){
		.command = "list", .no_loop = true, .no_events = true,
		.args = option ? WORDS("--framework=rust", option, p->program) :
				 WORDS("--framework=rust", p->program),
		.env = WORDS(p->home_variable, variable),
	});
	int n = 0;

	assert_int_equal(run->exit_code, 0);
	assert_string_equal(run->err, "");
	for (const char *at = run->out; (at = strchr(at, '\n')); at++)
		n++;
	run_free(run);
	return n;
}

static void runs_and_lists_share_what_is_kept(void **state)
{
	const struct place *p = *state;
	struct run *run;

	assert_int_equal(list_with(p, NULL, p->cache_variable), 2);
	assert_int_equal(times_asked(p), 1);
	run = run_proctor(&(struct run_setup){ .args = WORDS("--framework=rust", p->program),
					       .env = WORDS(p->home_variable, p->cache_variable) });
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 2);
	assert_int_equal(times_asked(p), 1);
	place_build(p);
	assert_int_equal(list_with(p, NULL, p->cache_variable), 2);
	assert_int_equal(list_with(p, NULL, p->cache_variable), 2);
	assert_int_equal(times_asked(p), 2);
}

static void no_cache_asks_and_keeps_nothing(void **state)
{
	const struct place *p = *state;

	assert_int_equal(list_with(p, "--no-cache", p->cache_variable), 2);
	assert_int_equal(list_with(p, "--no-cache", p->cache_variable), 2);
	assert_int_equal(times_asked(p), 2);
	shell("test ! -e %s/.cache", p->home);
	/* What only --no-cache can know. */
	list_with(p, NULL, p->cache_variable);
	shell("touch %s/data", p->dir);
	assert_int_equal(list_with(p, NULL, p->cache_variable), 2);
	assert_int_equal(list_with(p, "--no-cache", p->cache_variable), 3);
}

static void a_home_is_enough(void **state)
{
	const struct place *p = *state;

	assert_int_equal(list_with(p, NULL, "XDG_CACHE_HOME="), 2);
	assert_int_equal(list_with(p, NULL, "XDG_CACHE_HOME="), 2);
	assert_int_equal(times_asked(p), 1);
	shell("test -d %s/.cache/proctor/lists", p->home);
}

static void without_a_home_nothing_is_kept_or_said(void **state)
{
	static const char *const nowhere[] = { "HOME=", "HOME=/proc/nobody", "XDG_CACHE_HOME=/proc/nobody", "HOME=/dev/null" };
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++) {
		if (strncmp(nowhere[i], "HOME", 4) == 0) {
			strcpy(p->home_variable, nowhere[i]);
			assert_int_equal(list_with(p, NULL, "XDG_CACHE_HOME="), 2);
		} else {
			assert_int_equal(list_with(p, NULL, nowhere[i]), 2);
		}
		assert_int_equal(times_asked(p), (int)i + 1);
	}
}

static void many_at_once_do_not_disturb_each_other(void **state)
{
	const struct place *p = *state;
	char *proctor = realpath(proctor_path(), NULL);

	shell("cd %s && for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "
	      "%s %s list --framework=rust %s >out.$i 2>&1 & done; wait; cat out.* | sort | uniq -c | "
	      "awk '{ print $1, $2 }' >all; printf '12 program::one\\n12 program::two\\n' | cmp - all",
	      p->dir, p->cache_variable, proctor, p->program);
	free(proctor);
	shell("test $(ls %s/.cache/proctor/lists | wc -l) = 1", p->home);
}

/* It depends on a file that no key knows; the run in which that shows is the last that is wrong. */
static void a_list_that_was_wrong_is_forgotten(void **state)
{
	const struct place *p = *state;
	struct run *run;

	shell("touch %s/data", p->dir);
	assert_int_equal(list_with(p, NULL, p->cache_variable), 3);
	shell("rm %s/data", p->dir);
	run = run_proctor(&(struct run_setup){ .args = WORDS("--framework=rust", p->program),
					       .env = WORDS(p->home_variable, p->cache_variable) });
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "program::three", "error");
	assert_int_equal(list_with(p, NULL, p->cache_variable), 2);
}

/* Its error says nothing of the lists of the others. */
static void a_file_that_cannot_be_run_costs_no_list(void **state)
{
	const struct place *p = *state;
	char broken[128];
	struct run *run;

	snprintf(broken, sizeof(broken), "%s/libbroken.so", p->dir);
	shell("printf '\\177ELF' >%s", broken);
	for (int i = 0; i < 3; i++) {
		run = run_proctor(&(struct run_setup){
			.args = WORDS("--framework=rust", p->program, broken),
			.env = WORDS(p->home_variable, p->cache_variable),
		});
		run_check_verdict(run, "broken::(load)", "error");
		run_free(run);
	}
	assert_int_equal(times_asked(p), 1);
}

#define in_a_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_place(runs_and_lists_share_what_is_kept),
		in_a_place(no_cache_asks_and_keeps_nothing),
		in_a_place(a_home_is_enough),
		in_a_place(without_a_home_nothing_is_kept_or_said),
		in_a_place(many_at_once_do_not_disturb_each_other),
		in_a_place(a_list_that_was_wrong_is_forgotten),
		in_a_place(a_file_that_cannot_be_run_costs_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
