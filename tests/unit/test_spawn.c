/* SPDX-License-Identifier: MIT */
#include "base/spawn.h"
#include "base/child_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct inherited inherited;

/* Runs `script` with sh and returns what it wrote to stdout; its exit status must be 0. */
static char *run_script_as(const char *script, const char *workdir, bool leads)
{
	static char text[4096];
	char *argv[] = { "sh", "-c", (char *)script, NULL };
	int fds[2], status;
	struct proctor_error err;
	size_t n = 0;
	ssize_t got;
	struct spawned child;

	assert_int_equal(pipe_high(fds), 0);
	const int child_fds[] = { inherited.null_fd, fds[1] };
	struct spawn spawn = { .path = "/bin/sh", .argv = argv, .envp = environ, .workdir = workdir,
			       .inherited = &inherited, .leads = leads, .dies_with_parent = true,
			       .fds = child_fds, .nfds = 2 };
	assert_int_equal(spawn_start(&spawn, &child, &err), 0);
	close(fds[1]);
	while ((got = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(fds[0]);
	close(child.pidfd);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	assert_int_equal(status, 0);
	/* Nor is there a leader of its session left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(child.pid == child.group, leads);
	return text;
}

static char *run_script(const char *script, const char *workdir)
{
	return run_script_as(script, workdir, true);
}

/* Prints the group and the session of a script's shell, by name. */
#define SAY_PLACE "read -r pid name state ppid group session rest </proc/$$/stat;" \
		  "[ $group = $$ ] && echo group; [ $session = $$ ] && echo session;" \
		  "[ $group = $session ] && [ $session != $OURS ] && echo own;"

static void say_our_session(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", getsid(0));
	setenv("OURS", number, 1);
}

static void a_child_leads_a_session_of_its_own(void **state)
{
	(void)state;
	say_our_session();
	assert_string_equal(run_script(SAY_PLACE, NULL), "group\nsession\nown\n");
}

/* As under make: setsid(1) forks where it would fail, and says the number of another process then. */
static void a_child_that_leads_nothing_may_have_a_session(void **state)
{
	char number[16];

	(void)state;
	say_our_session();
	assert_string_equal(run_script_as(SAY_PLACE, NULL, false), "own\n");
	assert_string_equal(run_script_as("exec setsid sh -c 'echo $(($$ == '$$'))'", NULL, false),
			    "1\n");
	/* Its parent is who started it, whatever stood between them. */
	snprintf(number, sizeof(number), "%d", getpid());
	setenv("PARENT", number, 1);
	assert_string_equal(run_script_as("[ $PPID = $PARENT ] && echo parent", NULL, false),
			    "parent\n");
}

/* A signal reaches a process that left its group, and those that it left there. */
static void a_signal_finds_a_child_that_moved(void **state)
{
	char *argv[] = { "sh", "-c", "sleep 60 & exec setsid sh -c 'echo; exec sleep 60'", NULL };
	struct proctor_error err;
	struct spawned child;
	int fds[2], status;
	char byte;

	(void)state;
	assert_int_equal(pipe_high(fds), 0);
	struct spawn spawn = { .path = "/bin/sh", .argv = argv, .envp = environ,
			       .inherited = &inherited, .fds = (const int[]){ -1, fds[1] }, .nfds = 2 };
	assert_int_equal(spawn_start(&spawn, &child, &err), 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	assert_int_equal(getpgid(child.pid), child.pid);
	assert_int_not_equal(child.group, child.pid);
	spawned_signal(child.pid, child.group, SIGTERM);
	/* Both held the pipe. */
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	close(child.pidfd);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void a_child_reads_nothing_from_stdin(void **state)
{
	(void)state;
	assert_string_equal(run_script("readlink /proc/$$/fd/0; cat", NULL), "/dev/null\n");
}

/* Not even what proctor itself inherited without close-on-exec. */
static void a_child_keeps_only_the_listed_descriptors(void **state)
{
	int stray = fcntl(1, F_DUPFD, 50);

	(void)state;
	assert_true(stray >= 50);
	assert_string_equal(run_script("f=3; while [ $f -lt 100 ]; do"
				       "  [ -e /proc/$$/fd/$f ] && echo $f; f=$((f + 1));"
				       "done; true", NULL), "");
	close(stray);
}

/* Signals 1 to 31 of a line of proc(5)'s status; the C library keeps some of the rest to itself. */
static unsigned long status_signals(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	assert_non_null(line);
	return strtoul(line + strlen(name), NULL, 16) & 0x7fffffff;
}

static void a_child_has_signals_as_proctor_was_started(void **state)
{
	char before[4096];
	const char *after;
	sigset_t all;
	size_t n;
	FILE *file = fopen("/proc/self/status", "re");

	(void)state;
	assert_non_null(file);
	n = fread(before, 1, sizeof(before) - 1, file);
	before[n] = '\0';
	fclose(file);
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	after = run_script("exec cat /proc/self/status", NULL);
	assert_int_equal(status_signals(after, "SigBlk:"), status_signals(before, "SigBlk:"));
	assert_int_equal(status_signals(after, "SigIgn:"), status_signals(before, "SigIgn:"));
	sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
	signal(SIGPIPE, SIG_DFL);
}

static void a_child_starts_in_its_directory(void **state)
{
	(void)state;
	assert_string_equal(run_script("pwd", "/proc"), "/proc\n");
}

static void a_missing_program_is_named_and_leaves_no_child(void **state)
{
	char *argv[] = { "x", NULL };
	struct spawn spawn = { .path = "/nonexistent/program", .argv = argv, .envp = environ,
			       .inherited = &inherited };
	struct proctor_error err;
	struct spawned child;

	(void)state;
	assert_int_equal(spawn_start(&spawn, &child, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/program"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_missing_directory_is_named(void **state)
{
	char *argv[] = { "sh", NULL };
	struct spawn spawn = { .path = "/bin/sh", .argv = argv, .envp = environ,
			       .workdir = "/nonexistent/dir", .inherited = &inherited };
	struct proctor_error err;
	struct spawned child;

	(void)state;
	assert_int_equal(spawn_start(&spawn, &child, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/dir"));
}

/* A copy of true(1) that is open for writing until so many pauses have been made. */
struct written {
	int fd;
	unsigned npauses, until, patience;
	uint64_t total_us;
};

static bool written_pause(void *data, uint64_t us)
{
	struct written *w = data;

	w->total_us += us;
	if (++w->npauses == w->until)
		close(w->fd);
	return w->npauses < w->patience;
}

static int start_written(struct written *w, struct proctor_error *err)
{
	char path[] = "/tmp/proctor-spawn-XXXXXX", *argv[] = { path, NULL };
	struct spawn spawn = { .path = path, .argv = argv, .envp = environ,
			       .inherited = &inherited,
			       .pause = written_pause, .pause_data = w };
	int status, ret, from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	char bytes[65536];
	ssize_t n;
	struct spawned child;

	w->fd = mkostemp(path, O_CLOEXEC);
	assert_true(w->fd >= 0 && from >= 0);
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(w->fd, bytes, (size_t)n), n);
	close(from);
	assert_int_equal(fchmod(w->fd, 0700), 0);
	ret = spawn_start(&spawn, &child, err);
	unlink(path);
	if (ret < 0)
		return ret;
	close(child.pidfd);
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	assert_int_equal(status, 0);
	return 0;
}

static void a_program_that_is_still_written_is_tried_again(void **state)
{
	struct written w = { .until = 3, .patience = 100 };
	struct proctor_error err;

	(void)state;
	assert_int_equal(start_written(&w, &err), 0);
	assert_int_equal(w.npauses, 3);
}

static void patience_ends(void **state)
{
	struct written bounded = { .until = 1000, .patience = 1000 };
	struct written given_up = { .until = 1000, .patience = 2 };
	struct proctor_error err;

	(void)state;
	assert_int_equal(start_written(&bounded, &err), -ETXTBSY);
	assert_non_null(strstr(err.text, "Text file busy"));
	assert_in_range(bounded.total_us, 500000, 2000000);
	close(bounded.fd);
	assert_int_equal(start_written(&given_up, &err), -ETXTBSY);
	assert_int_equal(given_up.npauses, 2);
	close(given_up.fd);
}

static void only_what_passes_is_tried_again(void **state)
{
	(void)state;
	assert_true(spawn_pause_us(EAGAIN, 0) > 0 && spawn_pause_us(ENOMEM, 0) > 0);
	assert_true(spawn_pause_us(EAGAIN, 5) > spawn_pause_us(EAGAIN, 4));
	assert_int_equal(spawn_pause_us(ENOENT, 0), 0);
	assert_int_equal(spawn_pause_us(EACCES, 0), 0);
	assert_int_equal(spawn_pause_us(ENOEXEC, 0), 0);
	assert_int_equal(spawn_pause_us(EMFILE, 0), 0);
}

static void an_environment_replaces_and_adds(void **state)
{
	char *more[] = { "B=3", "C=4", NULL };
	struct child_environment env, copy;

	(void)state;
	setenv("B", "1", 1);
	assert_int_equal(child_environment_init(&env, "abc"), 0);
	assert_string_equal(child_environment_get(&env, "PROCTOR_RUN_ID"), "abc");
	assert_string_equal(child_environment_get(&env, "B"), "1");
	assert_int_equal(child_environment_copy(&copy, &env), 0);
	assert_int_equal(child_environment_set(&copy, "B", "%d", 2), 0);
	assert_string_equal(child_environment_get(&copy, "B"), "2");
	assert_int_equal(child_environment_add(&copy, more), 0);
	assert_string_equal(child_environment_get(&copy, "B"), "3");
	assert_string_equal(child_environment_get(&copy, "C"), "4");
	assert_null(child_environment_get(&copy, "NOT_THERE"));
	assert_string_equal(child_environment_get(&env, "B"), "1");
	child_environment_fini(&copy);
	child_environment_fini(&env);
}

static int open_inherited(void **state)
{
	(void)state;
	return inherited_open(&inherited, NULL);
}

/* As where vfork is a fork. */
static int open_for_fork(void **state)
{
	int ret = open_inherited(state);

	inherited.vfork_shares = false;
	return ret;
}

static int close_inherited(void **state)
{
	(void)state;
	inherited_close(&inherited);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_leads_a_session_of_its_own),
		cmocka_unit_test(a_child_that_leads_nothing_may_have_a_session),
		cmocka_unit_test(a_signal_finds_a_child_that_moved),
		cmocka_unit_test(a_child_reads_nothing_from_stdin),
		cmocka_unit_test(a_child_keeps_only_the_listed_descriptors),
		cmocka_unit_test(a_child_has_signals_as_proctor_was_started),
		cmocka_unit_test(a_child_starts_in_its_directory),
		cmocka_unit_test(a_missing_program_is_named_and_leaves_no_child),
		cmocka_unit_test(a_missing_directory_is_named),
		cmocka_unit_test(a_program_that_is_still_written_is_tried_again),
		cmocka_unit_test(patience_ends),
		cmocka_unit_test(only_what_passes_is_tried_again),
		cmocka_unit_test(an_environment_replaces_and_adds),
	};

	int nfailed = cmocka_run_group_tests_name("vfork", tests, open_inherited, close_inherited);

	return nfailed + cmocka_run_group_tests_name("fork", tests, open_for_fork, close_inherited);
}
