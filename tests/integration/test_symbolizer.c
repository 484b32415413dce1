/* SPDX-License-Identifier: MIT */
/* What runs are like when proctor-symbolizer is not what it should be. */
#include "harness.h"

#include "base/container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], host[96], symbolizer[96];

static void program_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

/* A directory with the real host and, beside it, a script in the symbolizer's place. */
static void programs_make(const char *script)
{
	char real[PATH_MAX];
	FILE *f;

	strcpy(dir, "/tmp/proctor-programs-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(host, sizeof(host), "%s/proctor-host", dir);
	snprintf(symbolizer, sizeof(symbolizer), "%s/proctor-symbolizer", dir);
	snprintf(real, sizeof(real), "%.*s/proctor-host",
		 (int)(strrchr(proctor_path(), '/') - proctor_path()), proctor_path());
	program_copy(real, host);
	if (!script)
		return;
	f = fopen(symbolizer, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	chmod(symbolizer, 0700);
}

static int programs_tear_down(void **state)
{
	int ret = harness_teardown(state);

	unlink(symbolizer);
	unlink(host);
	rmdir(dir);
	return ret;
}

struct impostor {
	const char *title;
	const char *script;	/* NULL: there is none */
	const char *why;
};

static const struct impostor impostors[] = {
	{ "a_symbolizer_that_is_missing", NULL, "cannot start " },
	{ "a_symbolizer_that_crashes", "kill -SEGV $$",
	  "proctor-symbolizer ended by SIGSEGV before it answered" },
	{ "a_symbolizer_that_exits_as_libdw_does_without_memory", "exit 1",
	  "proctor-symbolizer exited with 1 before it answered" },
	{ "a_symbolizer_that_answers_nonsense", "yes >&0",
	  "proctor-symbolizer answered what is no backtrace" },
};

/* Every test has its verdict, and the crashed ones what is known without it. */
static void costs_backtraces_and_no_verdict(void **state)
{
	const struct impostor *row = *state;
	const char *trace;
	struct run *run;
	char option[128];

	programs_make(row->script);
	snprintf(option, sizeof(option), "--host=%s", host);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(option, "--on-crash=continue", "--test-threads=2", "signals::tml_test_4",
			      "signals::tml_test_5", "signals::tml_test_6", "signals::tml_test_7",
			      "signals::tml_test_8", suite_path("ways/libsignals.so")),
	});
	assert_int_equal(run->exit_code, 1);
	for (int i = 4; i < 9; i++) {
		char id[32];

		snprintf(id, sizeof(id), "signals::tml_test_%d", i);
		run_check_verdict(run, id, i % 2 ? "crash" : "pass");
	}
	trace = event_text(run_end(run, "signals::tml_test_7"), "backtrace");
	if (strncmp(trace, "#0 0x0000", 9) != 0 || !strstr(trace, " in ?? libsignals.so+0x") ||
	    !strstr(trace, row->why))
		fail_msg("%s", trace);
}

/* It is a child of a worker, as hosts are that are to be met yet, and never one of those. */
static void what_a_symbolizer_sends_is_noted_and_not_obeyed(void **state)
{
	char option[128];
	struct run *run;
	json_t *event;
	size_t i, n = 0;

	(void)state;
	programs_make("kill -TERM $PPID\n"
		      "while grep -q 'ShdPnd:.*[1-9a-f]' /proc/$PPID/status; do :; done");
	snprintf(option, sizeof(option), "--host=%s", host);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(option, "--test-threads=1", "signals::tml_test_3",
			      suite_path("ways/libsignals.so")),
	});
	assert_int_equal(run->exit_code, 1);
	json_array_foreach(run->events, i, event)
		n += strstr(event_text(event, "text"), "SIGTERM from process ") != NULL;
	assert_int_equal(n, 1);
}

/* It has no end of its own, and is in the middle of its work: the guard ends it. */
static void a_killed_proctor_leaves_no_symbolizer(void **state)
{
	char option[128];
	struct run *run;

	(void)state;
	programs_make("exec sleep 1000");
	snprintf(option, sizeof(option), "--host=%s", host);
	run = run_start(&(struct run_setup){
		.args = WORDS(option, "--test-threads=1", "signals::tml_test_3",
			      suite_path("ways/libsignals.so")),
		.cut_short = true,
	});
	run_await_processes(run, "sleep", 1);
	kill(run->pid, SIGKILL);
	run_finish(run);
	run_await_processes(run, NULL, 0);
}

/* The real one, which waits for the next crash, is nobody's leak and ends with proctor. */
static void a_symbolizer_that_waits_ends_with_proctor(void **state)
{
	struct run *run;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--on-crash=continue", "--test-threads=1", "--timeout=60s",
			      "signals::tml_test_3", "hangs::tml_test_7",
			      suite_path("ways/libsignals.so"), suite_path("ways/libhangs.so")),
		.cut_short = true,
	});
	run_await(run, "test-end", "signals::tml_test_3");
	run_await(run, "test-start", "hangs::tml_test_7");
	run_await_processes(run, "proctor-symboli", 1);
	kill(run->pid, SIGKILL);
	run_finish(run);
	run_await_processes(run, NULL, 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(impostors) + 3];
	size_t n = 0;

	for (; n < ARRAY_SIZE(impostors); n++)
		tests[n] = (struct CMUnitTest){ impostors[n].title, costs_backtraces_and_no_verdict, NULL,
						programs_tear_down, (void *)&impostors[n] };
	tests[n++] = (struct CMUnitTest)cmocka_unit_test_teardown(a_killed_proctor_leaves_no_symbolizer,
								  programs_tear_down);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test_teardown(
		what_a_symbolizer_sends_is_noted_and_not_obeyed, programs_tear_down);
	tests[n++] = (struct CMUnitTest)harness_test(a_symbolizer_that_waits_ends_with_proctor);
	return _cmocka_run_group_tests("symbolizer", tests, n, NULL, NULL);
}
