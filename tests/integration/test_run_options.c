/* SPDX-License-Identifier: MIT */
/* The options of `proctor run`, each seen to do what it says. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND 1000000

static struct run *run_args(const char *const *args)
{
	return run_proctor(&(struct run_setup){ .args = args });
}

/* ---- usage ---- */

static void wrong_usage_exits_with_2(void **state)
{
	static const char *const wrong[] = {
		"--test-threads=0", "--test-threads=65", "--test-threads=-1", "--test-threads=two",
		"--test-threads=", "--timeout=soon", "--timeout=-1", "--grace=1x",
		"--max-output=1Q", "--isolation=none", "--on-crash=panic", "--repeat=0",
		"--repeat=x", "--retries=-1", "--shard=0/2", "--shard=3/2", "--shard=1", "--loop=select",
		"--shuffle=x", "--no-such-option", "-Z", "--junit=", "--events=", "--skip=", "--filter=",
		"--suite=", "--exe=", "--framework=nose", "",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct run *run = run_args(WORDS(wrong[i], suite_path("smoke")));

		if (run->exit_code != 2)
			fail_msg("%s exits with %d", wrong[i], run->exit_code);
		if (run->nerr == 0 || run->err[run->nerr - 1] != '\n')
			fail_msg("%s is not explained: %s", wrong[i], run->err);
		/* One sentence, perhaps with a hint. */
		assert_true(strchr(run->err, '\n') - run->err < 200);
		assert_int_equal(run_count(run, "test-start"), 0);
		run_free(run);
	}
}

static void nothing_to_run_exits_with_4(void **state)
{
	char empty[] = "/tmp/proctor-empty-XXXXXX", manifest[64];
	struct run *run;
	FILE *f;

	(void)state;
	run = run_args(WORDS("--filter=nothing-is-called-so", suite_path("smoke")));
	assert_int_equal(run->exit_code, 4);
	run_free(run);
	run = run_args(WORDS("nothing-is-called-so", suite_path("smoke")));
	assert_int_equal(run->exit_code, 4);
	run_free(run);
	/* A directory in which executables are not looked for. */
	assert_non_null(mkdtemp(empty));
	run = run_args(WORDS(empty));
	assert_int_equal(run->exit_code, 4);
	assert_non_null(strstr(run->err, "--exe="));
	run_free(run);
	run = run_args(WORDS("--exe=*", empty));
	assert_int_equal(run->exit_code, 4);
	assert_null(strstr(run->err, "--exe="));
	run_free(run);
	/* A manifest of nothing. */
	snprintf(manifest, sizeof(manifest), "%s/m.json", empty);
	f = fopen(manifest, "we");
	assert_non_null(f);
	fputs("{\"version\": 1, \"suites\": []}", f);
	fclose(f);
	run = run_args(WORDS(manifest));
	assert_int_equal(run->exit_code, 4);
	assert_non_null(strstr(run->err, "no tests were found"));
	assert_null(strstr(run->err, "--exe="));
	unlink(manifest);
	rmdir(empty);
}

static void help_is_a_command_like_others(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){ .command = "help", .args = WORDS("help"),
					       .no_events = true, .no_loop = true, .cut_short = true });
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "proctor help COMMAND"));
	run_free(run);
}

/* One word that fits is no reason to say nothing of another. */
static void a_filter_that_fits_nothing_is_named(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("fits-nothing", "--filter=*::tml_test_0", "--skip=tml_test_0",
			     suite_path("smoke/libsmoke_0.so")));
	assert_non_null(strstr(run->err, "no test fits the filter \"fits-nothing\""));
	assert_null(strstr(run->err, "*::tml_test_0"));
	run_free(run);
	/* A file that is not there is no filter but a failure; the others run. */
	run = run_args(WORDS("libfits-nothing.so", suite_path("smoke/libsmoke_0.so")));
	assert_int_equal(run->exit_code, 1);
	assert_string_equal(event_text(run_end_of(run, "fits-nothing", "(load)"), "verdict"), "error");
	assert_true(run_count(run, "test-end") > 1);
	run_free(run);
}

static void threads_are_as_many_as_told(void **state)
{
	static const char *const options[] = {
		"--test-threads=1", "--test-threads=3", "--test-threads=64", "-j2",
	};
	static const int numbers[] = { 1, 3, 64, 2 };
	size_t i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct run *run = run_args(WORDS(options[i], suite_path("smoke")));
		const json_t *event;

		assert_int_equal(run->exit_code, 0);
		assert_int_equal(event_number(run_event(run, "run-start"), "threads"), numbers[i]);
		json_array_foreach(run->events, k, event)
			if (strcmp(event_text(event, "event"), "test-end") == 0)
				assert_in_range(event_number(event, "worker"), 0, numbers[i] - 1);
		run_free(run);
	}
}

/* Four tests that sleep 0.3 s each overlap when there are four threads. */
static bool sleeps_overlap(void)
{
	struct run *run;
	bool in_time;

	run = run_args(WORDS("--test-threads=4", "--repeat=4", suite_path("exe_options/sleeps")));
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 4);
	in_time = event_number(run_event(run, "run-end"), "duration_us") < 4 * 300000;
	run_free(run);
	return in_time;
}

static void tests_that_wait_overlap(void **state)
{
	(void)state;
	test_in_time(sleeps_overlap);
}

static void help_says_what_threads_do(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.command = "", .args = WORDS("run", "--help"), .no_events = true, .no_loop = true,
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "--test-threads"));
	assert_non_null(strstr(run->out, "execut"));
}

/* ---- deadlines ---- */

static bool timeout_stops_in_time(void)
{
	json_int_t duration, unkind;
	const json_t *end;
	struct run *run;

	run = run_args(WORDS("--timeout=700ms", "--grace=300ms",
			     suite_path("exe/ignores_sigterm"), suite_path("exe/endless_loop")));
	assert_int_equal(run->exit_code, 1);
	end = run_end(run, "ignores_sigterm");
	assert_string_equal(event_text(end, "verdict"), "timeout");
	unkind = event_number(end, "duration_us");
	/* It ends at the first signal: no grace time is spent on it. */
	end = run_end(run, "endless_loop");
	assert_string_equal(event_text(end, "verdict"), "timeout");
	duration = event_number(end, "duration_us");
	run_free(run);
	return unkind >= SECOND && unkind < 2 * SECOND && duration >= 700000 && duration < SECOND;
}

static void a_timeout_stops_a_test_in_time(void **state)
{
	(void)state;
	test_in_time(timeout_stops_in_time);
}

static bool slow_test_is_named(void)
{
	const json_t *slow, *end;
	struct run *run;

	run = run_args(WORDS("--slow-after=100ms", suite_path("exe_options/sleeps"),
			     suite_path("exe_options/passes")));
	assert_int_equal(run->exit_code, 0);
	/* Time in which the machine stood still does not make a test slow, or both of them are. */
	if (run_count(run, "test-slow") != 1) {
		run_free(run);
		return false;
	}
	slow = run_event(run, "test-slow");
	end = run_end(run, "sleeps");
	assert_string_equal(event_text(slow, "id"), "sleeps");
	assert_true(event_number(slow, "time_us") < event_number(end, "time_us"));
	assert_string_equal(json_string_value(json_array_get(json_object_get(end, "marks"), 0)),
			    "slow");
	run_free(run);
	return true;
}

static void a_slow_test_is_named_while_it_runs(void **state)
{
	(void)state;
	test_in_time(slow_test_is_named);
}

/* Half its own deadline, where nothing else was asked for. */
static void a_test_with_a_deadline_of_its_own_is_slow_at_half_of_it(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("has_a_timeout", suite_path("suite_h/libfeatures.so")));
	assert_string_equal(event_text(run_event(run, "test-slow"), "id"),
			    "features::has_a_timeout");
	assert_string_equal(event_text(run_end(run, "features::has_a_timeout"), "verdict"),
			    "timeout");
}

/* ---- again and again ---- */

static void a_pass_on_a_retry_is_flaky(void **state)
{
	char dir[] = "/tmp/proctor-flaky-XXXXXX", env[64], file[64];
	const json_t *end;
	struct run *run;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(env, sizeof(env), "OPTIONS_STATE=%s", dir);
	snprintf(file, sizeof(file), "%s/been-here", dir);
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--retries=2", suite_path("exe_options/flaky"),
			      suite_path("exe_options/fails")),
		.env = WORDS(env),
	});
	unlink(file);
	rmdir(dir);
	assert_int_equal(run->exit_code, 1);
	end = run_end(run, "flaky");
	assert_string_equal(event_text(end, "verdict"), "pass");
	assert_int_equal(event_number(end, "attempt"), 2);
	assert_string_equal(json_string_value(json_array_get(json_object_get(end, "marks"), 0)),
			    "flaky");
	end = run_end(run, "fails");
	assert_string_equal(event_text(end, "verdict"), "fail");
	assert_int_equal(event_number(end, "attempt"), 3);
	assert_int_equal(run_count(run, "test-end"), 2 + 3);
	assert_int_equal(event_number(run_event(run, "run-end"), "flaky"), 1);
	assert_non_null(strstr(run->out, "flaky"));
}

static void a_run_is_repeated(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--repeat=3", suite_path("smoke/libsmoke_3.so")));
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 3 * 8);
}

/* ---- what, and in what order ---- */

/* The ids in the order in which they started, each followed by a newline; freed by the caller. */
static char *order_of(const struct run *run)
{
	const json_t *event;
	char *text = NULL;
	size_t ntext, i;
	FILE *f = open_memstream(&text, &ntext);

	json_array_foreach(run->events, i, event)
		if (strcmp(event_text(event, "event"), "test-start") == 0)
			fprintf(f, "%s\n", event_text(event, "id"));
	fclose(f);
	return text;
}

static void a_seed_gives_the_same_order(void **state)
{
	const char *smoke = suite_path("smoke");
	char *plain, *one, *again, *other;

	(void)state;
	plain = order_of(run_args(WORDS("--test-threads=1", smoke)));
	one = order_of(run_args(WORDS("--test-threads=1", "--shuffle=12345", smoke)));
	again = order_of(run_args(WORDS("--test-threads=1", "--shuffle=12345", smoke)));
	other = order_of(run_args(WORDS("--test-threads=1", "--shuffle=54321", smoke)));
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
	assert_string_not_equal(one, plain);
	free(plain);
	free(one);
	free(again);
	free(other);
}

static void a_drawn_seed_is_told(void **state)
{
	struct run *run;
	char seed[64];

	(void)state;
	run = run_args(WORDS("--shuffle", suite_path("smoke/libsmoke_0.so")));
	/* Told as a number that every reader of JSON can hold. */
	assert_true(event_number(run_event(run, "run-start"), "seed") > 0);
	snprintf(seed, sizeof(seed), "--shuffle=%lld",
		 (long long)event_number(run_event(run, "run-start"), "seed"));
	assert_non_null(strstr(run->out, seed));
}

static void shards_are_a_partition(void **state)
{
	static const char *const shards[] = { "--shard=1/3", "--shard=2/3", "--shard=3/3" };
	json_t *seen = json_object();
	const json_t *event;
	size_t i, k;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct run *run = run_args(WORDS(shards[i], suite_path("smoke")));

		assert_int_equal(run->exit_code, 0);
		assert_true(run_count(run, "test-end") > 224 / 6);
		json_array_foreach(run->events, k, event) {
			if (strcmp(event_text(event, "event"), "test-end") != 0)
				continue;
			if (json_object_get(seen, event_text(event, "id")))
				fail_msg("%s is in two shards", event_text(event, "id"));
			json_object_set_new(seen, event_text(event, "id"), json_true());
		}
		run_free(run);
	}
	assert_int_equal(json_object_size(seen), 224);
	json_decref(seen);
}

/* A shard's tests do not depend on which others there are. */
static void a_shard_is_stable(void **state)
{
	const json_t *event;
	struct run *all, *one;
	size_t i, n = 0;

	(void)state;
	all = run_args(WORDS("--shard=2/3", suite_path("smoke")));
	one = run_args(WORDS("--shard=2/3", suite_path("smoke/libsmoke_5.so")));
	json_array_foreach(all->events, i, event)
		if (strcmp(event_text(event, "event"), "test-end") == 0 &&
		    strcmp(event_text(event, "suite"), "smoke_5") == 0) {
			run_check_verdict(one, event_text(event, "id"), "pass");
			n++;
		}
	assert_int_equal(n, run_count(one, "test-end"));
}

static void filters_choose(void **state)
{
	static const struct {
		const char *args[3];
		size_t ntests;
	} rows[] = {
		{ { "--filter=smoke_7::" }, 8 },
		{ { "smoke_7::" }, 8 },
		{ { "--filter=smoke_7::tml_test_3" }, 1 },
		{ { "--filter=smoke_1?::*_3" }, 10 },
		{ { "--skip=smoke_1" }, 224 - 11 * 8 },
		{ { "--filter=smoke_2::", "--filter=smoke_3::" }, 16 },
		{ { "--filter=smoke_2::", "--skip=tml_test_0" }, 7 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct run *run = run_args(WORDS(suite_path("smoke"), rows[i].args[0],
						 rows[i].args[1], rows[i].args[2]));

		assert_int_equal(run->exit_code, 0);
		if (run_count(run, "test-end") != rows[i].ntests)
			fail_msg("%s: %zu tests, not %zu", rows[i].args[0],
				 run_count(run, "test-end"), rows[i].ntests);
		run_free(run);
	}
}

static void a_group_is_chosen_from_a_manifest(void **state)
{
	char path[] = "/tmp/proctor-manifest-XXXXXX.json";
	int fd = mkstemps(path, 5);
	const json_t *end;
	struct run *run;

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "{\"version\": 1, \"suites\": ["
		"{\"name\": \"first\", \"group\": \"core\", \"path\": \"%s\", \"tests\": ["
		"{\"index\": 2, \"name\": \"two\", \"file\": \"src/two.test.tml\", \"tests\": 5}]},"
		"{\"name\": \"second\", \"group\": \"net\", \"path\": \"%s\", \"tests\": ["
		"{\"index\": 5, \"name\": \"env\", \"workdir\": \"/\", \"env\": {\"WAY_ENV\": \"given\"}}]}"
		"]}", suite_path("smoke/libsmoke_0.so"), suite_path("options/liboptions.so"));
	close(fd);
	run = run_args(WORDS("--suite=core", path));
	if (run->exit_code != 0)
		fail_msg("%s", run->err);
	assert_int_equal(run_count(run, "test-end"), 1);
	run_check_verdict(run, "first::two", "pass");
	end = run_end(run, "first::two");
	assert_string_equal(event_text(end, "file"), "src/two.test.tml");
	assert_string_equal(event_text(end, "group"), "core");
	assert_string_equal(event_text(end, "stdout"), "smoke 0/2\n");
	run_free(run);
	run = run_args(WORDS(path));
	assert_int_equal(run_count(run, "test-end"), 2);
	end = run_end(run, "second::env");
	assert_non_null(strstr(event_text(end, "stdout"), "\ncwd=/\n"));
	assert_non_null(strstr(event_text(end, "stdout"), "WAY_ENV=given\n"));
	/* A program may ask that instead of the kernel. */
	assert_non_null(strstr(event_text(end, "stdout"), "PWD=/\n"));
	run_free(run);
	/* Who does not know the groups is told them. */
	run = run_args(WORDS("--suite=first", path));
	assert_int_equal(run->exit_code, 4);
	assert_string_equal(run->err, "proctor: no suite is of the group \"first\"; the groups are: "
				      "core, net\n");
	run_free(run);
	run = run_args(WORDS("--suite=smoke_0", suite_path("smoke/libsmoke_0.so")));
	assert_int_equal(run->exit_code, 4);
	assert_non_null(strstr(run->err, "none here has a group"));
	assert_non_null(strstr(run->err, "filter"));
	assert_ptr_equal(strchr(run->err, '\n'), run->err + run->nerr - 1);
	unlink(path);
}

/* As under its framework; but it is not passed over without a word. */
static void a_program_without_tests_is_a_skip(void **state)
{
	char script[] = "/tmp/proctor-empty-XXXXXX", id[64];
	int fd = mkstemp(script);
	struct run *run;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	run = run_args(WORDS("--framework=go", script));
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(run_count(run, "test-end"), 1);
	snprintf(id, sizeof(id), "%s::(no tests)", strrchr(script, '/') + 1);
	run_check_verdict(run, id, "skip");
	assert_non_null(strstr(event_text(run_end(run, id), "message"), "no tests"));
	run_free(run);
	/* Filters are for tests. */
	run = run_args(WORDS("--framework=go", "--filter=adds", script));
	assert_int_equal(run->exit_code, 4);
	run_free(run);
	unlink(script);
}

static void list_suites_runs_nothing(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--list-suites", suite_path("smoke")), .no_events = true,
		.no_loop = true,
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "smoke_27"));
	assert_null(strstr(run->out, "Tests:"));
}

static void list_names_every_test(void **state)
{
	struct run *run;
	const char *line;
	size_t nlines = 0;
	json_t *json;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.command = "list", .args = WORDS(suite_path("smoke")), .no_events = true,
		.no_loop = true,
	});
	assert_int_equal(run->exit_code, 0);
	for (line = run->out; (line = strchr(line, '\n')); line++)
		nlines++;
	assert_int_equal(nlines, 224);
	assert_non_null(strstr(run->out, "smoke_27::tml_test_7\n"));
	run_free(run);
	/* The id stands first, and what is known of it behind that. */
	run = run_proctor(&(struct run_setup){
		.command = "list", .args = WORDS("-l", suite_path("smoke"), suite_path("suite_h/libfeatures.so")), .no_events = true,
		.no_loop = true,
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "smoke_27::tml_test_7"));
	line = strstr(run->out, "features::passes ");
	assert_non_null(line);
	line += strspn(line + 16, " ") + 16;
	assert_int_equal(strncmp(line, "suite.h  ", 9), 0);
	assert_non_null(strstr(line, "suite_h_features.c"));
	assert_true(strstr(line, "suite_h_features.c") < strchr(line, '\n'));
	run_free(run);
	/* Who looks for it as an option of `run` finds it there. */
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--list", "--filter=smoke_27::", suite_path("smoke")), .no_events = true,
		.no_loop = true,
	});
	assert_int_equal(run->exit_code, 0);
	assert_int_equal(strncmp(run->out, "smoke_27::tml_test_0\nsmoke_27::tml_test_1\n", 42), 0);
	assert_null(strstr(run->out, "Tests:"));
	run_free(run);
	run = run_proctor(&(struct run_setup){
		.command = "list", .args = WORDS("--json", suite_path("smoke")), .no_events = true,
		.no_loop = true,
	});
	json = json_loads(run->out, 0, NULL);
	assert_non_null(json);
	assert_string_equal(event_text(json_array_get(json, 0), "framework"), "tml");
	json_decref(json);
}

/* ---- when to stop ---- */

static json_int_t counted(const struct run *run, const char *verdict)
{
	return event_number(json_object_get(run_event(run, "run-end"), "counts"), verdict);
}

static void assert_ended_at_crash(const struct run *run)
{
	assert_int_equal(run->exit_code, 1);
	assert_true(counted(run, "crash") >= 1);
	assert_true(counted(run, "not-run") > 200);
	assert_non_null(strstr(event_text(run_event(run, "run-end"), "stopped"),
			       "the run ended at the crash of "));
}

/* TML's rule, for TML's suites. */
static void a_crash_ends_a_run_of_tml_suites_only(void **state)
{
	const char *crashes = suite_path("ways/libsignals.so"), *smoke = suite_path("smoke");
	struct run *run;

	(void)state;
	run = run_args(WORDS("--test-threads=1", crashes, smoke));
	assert_ended_at_crash(run);
	run_free(run);
	run = run_args(WORDS("--test-threads=1", "--timeout=1s", "--on-crash=continue", crashes, smoke));
	assert_int_equal(counted(run, "not-run"), 0);
	run_free(run);
	run = run_args(WORDS("--test-threads=1", "--timeout=1s", "--no-fail-fast", crashes, smoke));
	assert_int_equal(counted(run, "not-run"), 0);
	run_free(run);
	/* One suite of another kind, and the run is no longer one of TML's. */
	run = run_args(WORDS("--test-threads=1", "--timeout=1s", crashes, smoke,
			     suite_path("exe_options/passes")));
	assert_int_equal(counted(run, "not-run"), 0);
	assert_true(counted(run, "crash") > 1);
	run_free(run);
	run = run_args(WORDS("--test-threads=1", "--on-crash=stop", suite_path("exe/segv"), smoke));
	assert_ended_at_crash(run);
	run_check_verdict(run, "segv", "crash");
	assert_non_null(strstr(run->out, "SIGSEGV"));
}

static bool stopped_run_is_over(void)
{
	struct run *run;
	bool in_time;

	run = run_args(WORDS("--test-threads=2", "--on-crash=stop", suite_path("exe/segv"),
			     suite_path("exe/endless_loop"), suite_path("exe_options/passes")));
	assert_int_equal(run->exit_code, 1);
	in_time = run->duration_us < 5 * SECOND;
	run_check_verdict(run, "segv", "crash");
	run_free(run);
	return in_time;
}

static void a_stopped_run_is_over_at_once(void **state)
{
	(void)state;
	test_in_time(stopped_run_is_over);
}

static void a_failure_goes_on_unless_told(void **state)
{
	const char *fails = suite_path("exe_options/fails");
	const char *smoke = suite_path("smoke");
	struct run *run;

	(void)state;
	run = run_args(WORDS("--test-threads=1", fails, smoke));
	assert_int_equal(run->exit_code, 1);
	assert_int_equal(counted(run, "not-run"), 0);
	run_free(run);
	run = run_args(WORDS("--test-threads=1", "--fail-fast", fails, smoke));
	assert_int_equal(run->exit_code, 1);
	assert_true(counted(run, "not-run") > 190);
	assert_non_null(strstr(run->out, " not run"));
	assert_non_null(strstr(run->out, ": the run ended at the first failure, fails\n"));
}

static void so_many_failures_end_the_run(void **state)
{
	const char *fails = suite_path("exe_options/fails");
	struct run *run;

	(void)state;
	run = run_args(WORDS("--test-threads=1", "--max-fail=3", "--repeat=10", fails));
	assert_int_equal(counted(run, "fail"), 3);
	assert_int_equal(counted(run, "not-run") + counted(run, "cancelled"), 7);
	assert_string_equal(event_text(run_event(run, "run-end"), "stopped"),
			    "the run ended after 3 failures, the last that of fails");
	run_free(run);
	run = run_args(WORDS("--test-threads=1", "--max-fail=11", "--repeat=10", fails));
	assert_int_equal(counted(run, "fail"), 10);
	run_free(run);
	run = run_args(WORDS("--test-threads=1", "--fail-fast", "--no-fail-fast", "--repeat=3", fails));
	assert_int_equal(counted(run, "fail"), 3);
}

/* However many repetitions are missing, a test is told of once; counts and reports have them all. */
static void what_was_not_run_is_told_once_with_the_reason(void **state)
{
	char path[64], option[80], *text = NULL;
	const json_t *end;
	size_t ntext = 0;
	struct run *run;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/proctor-not-run-%d.xml", (int)getpid());
	snprintf(option, sizeof(option), "--junit=%s", path);
	run = run_args(WORDS("--test-threads=1", "--fail-fast", "--repeat=500", option,
			     suite_path("exe_options/fails"), suite_path("smoke/libsmoke_0.so")));
	end = run_end(run, "smoke_0::tml_test_7");
	assert_string_equal(event_text(end, "verdict"), "not-run");
	assert_non_null(strstr(event_text(end, "message"),
			       " repetitions not run: the run ended at the first failure, fails"));
	assert_true(event_number(end, "repetitions") > 400);
	assert_true(counted(run, "not-run") > 4000);
	assert_in_range(run_count(run, "test-end"), 9, 100);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_true(getdelim(&text, &ntext, '\0', f) > 0);
	fclose(f);
	unlink(path);
	assert_non_null(strstr(text, " repetitions not run: the run ended at the first failure, fails\""));
	free(text);
}

/* A retry that was promised and never begun leaves its test failed, not missing. */
static void a_retry_that_was_not_begun_has_its_end(void **state)
{
	size_t i, npromised = 0, nfinal = 0, nnot_begun = 0;
	char words[64];
	const json_t *event;
	struct run *run;

	(void)state;
	/* Each crash is tried again, at the end; the first that is final ends the run. */
	run = run_args(WORDS("--test-threads=1", "--retries=1", "--on-crash=stop", "--timeout=1s",
			     suite_path("ways/libsignals.so")));
	assert_int_equal(run->exit_code, 1);
	json_array_foreach(run->events, i, event) {
		if (strcmp(event_text(event, "event"), "test-end") != 0)
			continue;
		npromised += !event_flag(event, "final");
		nfinal += event_flag(event, "final") && event_number(event, "attempt") == 2;
		nnot_begun += strstr(event_text(event, "message"), "attempt 2 was not begun: the run "
								   "ended at the crash of ") != NULL;
	}
	assert_true(npromised > 3);
	assert_int_equal(nfinal, npromised);
	assert_int_equal(nnot_begun, npromised - 1);
	/* Why more have failed than the one crash. */
	snprintf(words, sizeof(words), "; %zu more that had failed were not tried again", nnot_begun);
	assert_non_null(strstr(event_text(run_event(run, "run-end"), "stopped"), words));
	assert_non_null(strstr(run->out, words));
}

/* ---- output ---- */

static void output_is_kept_up_to_its_limit(void **state)
{
	const json_t *end;
	const char *out;
	struct run *run;

	(void)state;
	run = run_args(WORDS("--max-output=64K", suite_path("exe_options/floods")));
	assert_int_equal(run->exit_code, 0);
	end = run_end(run, "floods");
	out = event_text(end, "stdout");
	assert_int_equal(event_number(end, "stdout_bytes"), 1600000);
	assert_in_range(strlen(out), 60 * 1024, 64 * 1024);
	assert_int_equal(strncmp(out, "line 0000000000\nline 0000000001\n", 32), 0);
	assert_string_equal(out + strlen(out) - 16, "line 0000099999\n");
	assert_in_range(event_number(end, "stdout_head"), 1, (json_int_t)strlen(out) - 1);
}

static void without_capture_tests_inherit_stdout(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--nocapture", suite_path("smoke/libsmoke_0.so"),
			     suite_path("exe_options/passes")));
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "smoke 0/5\n"));
	assert_non_null(strstr(run->err, "SMOKE 0/5\n"));
	assert_non_null(strstr(run->out, "passes\n"));
	assert_string_equal(event_text(run_end(run, "smoke_0::tml_test_5"), "stdout"), "");
}

static void a_failure_shows_its_output(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS(suite_path("exe_options/fails"), suite_path("exe_options/passes")));
	assert_non_null(strstr(run->out, "fails"));
	assert_non_null(strstr(run->out, "stderr"));
	assert_null(strchr(run->out, '\033'));
}

static void color_is_forced(void **state)
{
	static const struct {
		const char *option, *env;
		bool colored;
	} cases[] = {
		{ "--color", "NO_COLOR=1", true }, { "--color=always", "NO_COLOR=1", true },
		{ "--color=auto", "NO_COLOR=", false }, { "--color=never", "CLICOLOR_FORCE=1", false },
		{ "--color=auto", "CLICOLOR_FORCE=1", true }, { "--no-color", "CLICOLOR_FORCE=1", false },
	};
	struct run *run;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run = run_proctor(&(struct run_setup){
			.args = WORDS(cases[i].option, suite_path("exe_options/fails")),
			.env = WORDS(cases[i].env),
		});
		if ((strchr(run->out, '\033') != NULL) != cases[i].colored)
			fail_msg("%s with %s", cases[i].option, cases[i].env);
		run_free(run);
	}
	run = run_args(WORDS("--color", suite_path("exe_options/fails")));
	assert_non_null(strchr(run->out, '\033'));
	run_free(run);
	run = run_args(WORDS("--no-color", suite_path("exe_options/fails")));
	assert_null(strchr(run->out, '\033'));
}

/* Events for a program on stdout, the report for people on stderr. */
static void events_go_to_stdout(void **state)
{
	struct run *run;
	size_t nstarts = 0, nends = 0;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--events=-", suite_path("exe_options/fails"),
			      suite_path("smoke/libsmoke_0.so")),
		.no_events = true,
	});
	assert_int_equal(run->exit_code, 1);
	for (char *line = strtok(run->out, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *event = json_loads(line, 0, NULL);

		if (!event || !*event_text(event, "event"))
			fail_msg("no event: %s", line);
		/* There may be others: a note, or a test that a machine in want of time made slow. */
		nstarts += strcmp(event_text(event, "event"), "test-start") == 0;
		nends += strcmp(event_text(event, "event"), "test-end") == 0;
		json_decref(event);
	}
	assert_int_equal(nstarts, 9);
	assert_int_equal(nends, 9);
	assert_non_null(strstr(run->err, "FAIL    ["));
	assert_non_null(strstr(run->err, "\nTests: 8 passed, 1 failed, 0 skipped\n"));
	run_free(run);
	/* A reader that goes away ends the run here, too. */
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--events=-", suite_path("exe/endless_loop")),
		.no_events = true, .close_stdout = true, .cut_short = true,
	});
	assert_int_equal(run->exit_code, 141);
}

static void the_slowest_tests_are_listed(void **state)
{
	struct run *run;
	const char *at;

	(void)state;
	run = run_args(WORDS("--slowest=2", suite_path("exe_options/sleeps"), suite_path("smoke")));
	assert_int_equal(run->exit_code, 0);
	at = strstr(run->out, "\nSlowest (2):\n");
	assert_non_null(at);
	at = strchr(at + strlen("\nSlowest (2):\n"), '\n');
	assert_non_null(at);
	assert_int_equal(strncmp(at - 8, "  sleeps", 8), 0);
}

static void the_output_of_all_is_shown(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--show-output=all", suite_path("smoke/libsmoke_0.so")));
	assert_non_null(strstr(run->out, "] smoke_0::tml_test_5\n  stdout, 10 bytes:\n    | smoke 0/5\n"));
	run_free(run);
	run = run_args(WORDS("--show-output=none", suite_path("exe_options/fails")));
	assert_non_null(strstr(run->out, "FAIL    ["));
	assert_null(strstr(run->out, "    | "));
	assert_string_equal(event_text(run_end(run, "fails"), "stderr"), "fails\n");
}

static void quiet_says_little(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--quiet", suite_path("smoke")));
	assert_int_equal(run->exit_code, 0);
	assert_true(run->nout < 400);
	run_free(run);
	run = run_args(WORDS("--verbose", suite_path("smoke")));
	assert_non_null(strstr(run->out, "smoke_27::tml_test_7"));
}

static void junit_names_every_test(void **state)
{
	char path[64], option[80], *text = NULL;
	size_t ntext = 0, ncases = 0;
	const char *at;
	struct run *run;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/proctor-junit-%d.xml", (int)getpid());
	snprintf(option, sizeof(option), "--junit=%s", path);
	run = run_args(WORDS(option, suite_path("exe_options/fails"), suite_path("smoke")));
	assert_int_equal(run->exit_code, 1);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_true(getdelim(&text, &ntext, '\0', f) > 0);
	fclose(f);
	unlink(path);
	for (at = text; (at = strstr(at, "<testcase")); at++)
		ncases++;
	assert_int_equal(ncases, 225);
	assert_non_null(strstr(text, "<failure"));
	free(text);
}

static void a_panic_has_its_backtrace(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--backtrace", "--filter=tml::tml_test_3", suite_path("ways")));
	assert_true(strlen(event_text(run_end(run, "tml::tml_test_3"), "backtrace")) > 0);
}

static void leaks_are_a_table_at_the_end(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--filter=tml::tml_test_16", suite_path("ways")));
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "128"));
	run_free(run);
	run = run_args(WORDS("--no-check-leaks", "--filter=tml::tml_test_16", suite_path("ways")));
	assert_null(strstr(run->out, "128"));
	assert_null(json_object_get(run_end(run, "tml::tml_test_16"), "leaks"));
}

/* ---- where ---- */

static void pinned_tests_stay_on_one_core(void **state)
{
	const json_t *end;
	struct run *run;

	(void)state;
	run = run_args(WORDS("--pin-tests", suite_path("exe_options/shows")));
	end = run_end(run, "shows");
	assert_non_null(strstr(event_text(end, "stdout"), "cpus=1\n"));
}

static void the_loop_is_as_forced(void **state)
{
	static const char *const names[] = { "io_uring", "epoll" };
	static const char *const options[] = { "--loop=uring", "--loop=epoll" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct run *run = run_proctor(&(struct run_setup){
			.args = WORDS(options[i], suite_path("smoke/libsmoke_0.so")),
			.no_loop = true,
		});

		/* Not everywhere to be had; then it is an error, tested elsewhere. */
		if (run->exit_code == 3 && i == 0)
			skip();
		assert_int_equal(run->exit_code, 0);
		assert_string_equal(event_text(run_event(run, "run-start"), "loop"), names[i]);
		run_free(run);
	}
}

static void no_cache_is_accepted(void **state)
{
	struct run *run;

	(void)state;
	run = run_args(WORDS("--no-cache", suite_path("smoke/libsmoke_0.so")));
	assert_int_equal(run->exit_code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(wrong_usage_exits_with_2),
		harness_test(nothing_to_run_exits_with_4),
		harness_test(help_is_a_command_like_others),
		harness_test(a_filter_that_fits_nothing_is_named),
		harness_test(threads_are_as_many_as_told),
		harness_test(tests_that_wait_overlap),
		harness_test(help_says_what_threads_do),
		harness_test(a_timeout_stops_a_test_in_time),
		harness_test(a_slow_test_is_named_while_it_runs),
		harness_test(a_test_with_a_deadline_of_its_own_is_slow_at_half_of_it),
		harness_test(a_pass_on_a_retry_is_flaky),
		harness_test(a_run_is_repeated),
		harness_test(a_seed_gives_the_same_order),
		harness_test(a_drawn_seed_is_told),
		harness_test(shards_are_a_partition),
		harness_test(a_shard_is_stable),
		harness_test(filters_choose),
		harness_test(a_group_is_chosen_from_a_manifest),
		harness_test(a_program_without_tests_is_a_skip),
		harness_test(list_suites_runs_nothing),
		harness_test(list_names_every_test),
		harness_test(a_crash_ends_a_run_of_tml_suites_only),
		harness_test(a_stopped_run_is_over_at_once),
		harness_test(a_failure_goes_on_unless_told),
		harness_test(so_many_failures_end_the_run),
		harness_test(what_was_not_run_is_told_once_with_the_reason),
		harness_test(a_retry_that_was_not_begun_has_its_end),
		harness_test(output_is_kept_up_to_its_limit),
		harness_test(without_capture_tests_inherit_stdout),
		harness_test(a_failure_shows_its_output),
		harness_test(color_is_forced),
		harness_test(events_go_to_stdout),
		harness_test(the_slowest_tests_are_listed),
		harness_test(the_output_of_all_is_shown),
		harness_test(quiet_says_little),
		harness_test(junit_names_every_test),
		harness_test(a_panic_has_its_backtrace),
		harness_test(leaks_are_a_table_at_the_end),
		harness_test(pinned_tests_stay_on_one_core),
		harness_test(the_loop_is_as_forced),
		harness_test(no_cache_is_accepted),
	};

	return cmocka_run_group_tests_name("run options", tests, NULL, NULL);
}
