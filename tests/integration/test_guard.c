/* SPDX-License-Identifier: MIT */
/* The guard: it stands before anything that it would have to clean up after, and misses nothing. */
#include "harness.h"

#include "../common/draw.h"
#include "../common/marked.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct run *start_breeding(void)
{
	return run_start(&(struct run_setup){
		.args = WORDS("--timeout=60s", "senders::forks_on", "hangs_with",
			      suite_path("senders/libsenders.so"),
			      suite_path("exe/hangs_with_children"),
			      suite_path("exe/hangs_with_daemon")),
		.cut_short = true,
	});
}

/* ThreadSanitizer's runtime makes such a file when a program starts and removes it at once, if nobody kills it between. */
static bool is_the_sanitizers(const char *name)
{
	return strncmp(name, "tsan.rodata.", strlen("tsan.rodata.")) == 0;
}

static void check_empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.' && !is_the_sanitizers(e->d_name))
			fail_msg("%s/%s is left", path, e->d_name);
	closedir(dir);
}

static void kill_and_check(struct run *run)
{
	kill(run->pid, SIGKILL);
	run_finish(run);
	assert_int_equal(run->exit_code, 128 + SIGKILL);
	run_await_processes(run, NULL, 0);
	/* A look through /proc may miss a chain that forks on; the guard does not end before it has. */
	run_await_guard(run);
	run_await_processes(run, NULL, 0);
	check_empty(run->dir);
	run_free(run);
}

/* Also in its first milliseconds, when hosts are being started and the guard is new. Many more such
 * are in tests/soak/test_kill9.c. */
static void a_proctor_killed_at_any_moment_leaves_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct run *run = start_breeding();

		usleep(draw(i % 2 ? 10000 : 100000));
		kill_and_check(run);
	}
}

static void temporary_directories_of_a_killed_proctor_are_removed(void **state)
{
	struct run *run = run_start(&(struct run_setup){
		.args = WORDS("--isolation=fork", "--timeout=60s", suite_path("temp/uses"), suite_path("temp/libtemp.so")),
		.env = WORDS("WAY=waits"), .cut_short = true,
	});

	(void)state;
	run_await_count(run, "test-start", 2);
	kill_and_check(run);
}

static void a_chain_of_forks_is_ended(void **state)
{
	struct run *run = start_breeding();

	(void)state;
	run_await(run, "test-start", "senders::forks_on");
	run_await_processes(run, "left-daemon", 1);
	kill_and_check(run);
}

/* What is done to proctor's group or session, a hangup say, is not done to the guard. */
static void the_guard_has_a_session_of_its_own(void **state)
{
	struct run *run;
	pid_t guard;

	(void)state;
	run = run_start(&(struct run_setup){
		.args = WORDS("--grace=300ms", "--timeout=60s", suite_path("session/hangs")),
	});
	run_await(run, "test-start", NULL);
	guard = process_child(run->pid, "proctor-guard");
	assert_true(guard > 0);
	assert_int_equal(getsid(guard), guard);
	kill(run->pid, SIGTERM);
	run_finish(run);
	assert_int_equal(run->exit_code, 143);
}

/* A directory in which proctor-host is what `script` says; its path, which lives until the next. */
static const char *broken_host(const char *script)
{
	static char dir[64], host[128];
	char link[128], target[4096], program[4096];
	static const char *const others[] = { "proctor-symbolizer", "proctor-preload.so",
					      "proctor-inject.so" };
	FILE *f;

	assert_non_null(realpath(proctor_path(), program));
	*strrchr(program, '/') = '\0';
	snprintf(dir, sizeof(dir), "/tmp/proctor-guard-XXXXXX");
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(target, sizeof(target), "%.4000s/%s", program, others[i]);
		snprintf(link, sizeof(link), "%s/%s", dir, others[i]);
		assert_int_equal(symlink(target, link), 0);
	}
	snprintf(host, sizeof(host), "%s/proctor-host", dir);
	f = fopen(host, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\nexec %s/proctor-host \"$@\"\n", script, program);
	fclose(f);
	assert_int_equal(chmod(host, 0755), 0);
	return dir;
}

static void broken_host_remove(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void a_guard_that_does_not_stand_is_noted(void **state)
{
	const char *dir = broken_host("[ \"$1\" = guard ] && exit 3");
	char host[128];
	struct run *run;

	(void)state;
	snprintf(host, sizeof(host), "--host=%s/proctor-host", dir);
	run = run_proctor(&(struct run_setup){
		.args = WORDS(host, suite_path("exe_options/passes")),
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "the guard did not wait for the end of the run: it exited "
					 "with 3"));
	run = run_proctor(&(struct run_setup){
		.command = "doctor", .no_events = true, .no_loop = true, .args = WORDS(host),
		.cut_short = true,
	});
	assert_int_equal(run->exit_code, 0);
	assert_non_null(strstr(run->out, "none: if proctor is killed, tests may outlive it"));
	broken_host_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(a_proctor_killed_at_any_moment_leaves_nothing),
		harness_test(a_chain_of_forks_is_ended),
		harness_test(temporary_directories_of_a_killed_proctor_are_removed),
		harness_test(the_guard_has_a_session_of_its_own),
		harness_test(a_guard_that_does_not_stand_is_noted),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
