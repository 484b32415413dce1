/* SPDX-License-Identifier: MIT */
/*
 * Tests that touch sessions, groups and the terminal, run by proctor in a terminal of its own: a pty
 * whose other end is here.
 */
#include "harness.h"

#include "../common/marked.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_S 30

struct terminal {
	int fd;			/* the other end */
	pid_t pid;		/* the session's leader; 0: reaped */
	char seen[65536];
	size_t nseen;
};

static struct terminal terminal = { .fd = -1 };

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

/* Starts `lead` as the leader of the terminal's session; what it returns is its exit status. */
static void terminal_start(int (*lead)(const char *const *argv), const char *const *argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 100 };

	terminal.nseen = 0;
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
	assert_true(terminal.pid >= 0);
	if (terminal.pid == 0) {
		setenv("TERM", "xterm", 1);
		_exit(lead(argv));
	}
	fcntl(terminal.fd, F_SETFD, FD_CLOEXEC);
}

/* Takes what was written; false: all of it, nobody has the terminal any more. */
static bool terminal_turn(uint64_t until_us)
{
	struct pollfd pfd = { .fd = terminal.fd, .events = POLLIN };
	uint64_t now = now_us();
	ssize_t n;

	if (now >= until_us)
		fail_msg("nothing more in time; seen: %s", terminal.seen);
	if (poll(&pfd, 1, (int)((until_us - now) / 1000 + 1)) <= 0)
		return true;
	assert_true(terminal.nseen < sizeof(terminal.seen) - 1);
	n = read(terminal.fd, terminal.seen + terminal.nseen,
		 sizeof(terminal.seen) - 1 - terminal.nseen);
	if (n <= 0)
		return false;
	terminal.nseen += (size_t)n;
	terminal.seen[terminal.nseen] = '\0';
	return true;
}

static void terminal_await(const char *text)
{
	uint64_t until_us = now_us() + DEADLINE_S * 1000000ull;

	while (!strstr(terminal.seen, text))
		if (!terminal_turn(until_us))
			fail_msg("ended without \"%s\"; seen: %s", text, terminal.seen);
}

static void terminal_type(const char *keys)
{
	assert_int_equal(write(terminal.fd, keys, strlen(keys)), strlen(keys));
}

/* Waits for the leader's end; its exit status, or 128 and the signal. */
static int terminal_finish(void)
{
	uint64_t until_us = now_us() + DEADLINE_S * 1000000ull;
	int status;

	while (terminal_turn(until_us))
		continue;
	assert_int_equal(waitpid(terminal.pid, &status, 0), terminal.pid);
	terminal.pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int terminal_teardown(void **state)
{
	(void)state;
	if (terminal.pid > 0) {
		kill(terminal.pid, SIGKILL);
		waitpid(terminal.pid, NULL, 0);
		terminal.pid = 0;
	}
	if (terminal.fd >= 0)
		close(terminal.fd);
	terminal = (struct terminal){ .fd = -1 };
	return 0;
}

static int lead_exec(const char *const *argv)
{
	execv(argv[0], (char *const *)argv);
	return 127;
}

/* `proctor run ARGS`. */
static const char *const *proctor_argv(const char *const *args)
{
	static const char *argv[24];
	static char program[4096], loop[32];
	size_t n = 0;

	assert_non_null(realpath(proctor_path(), program));
	argv[n++] = program;
	argv[n++] = "run";
	if (getenv("PROCTOR_LOOP")) {
		snprintf(loop, sizeof(loop), "--loop=%s", getenv("PROCTOR_LOOP"));
		argv[n++] = loop;
	}
	while (*args && n < sizeof(argv) / sizeof(argv[0]) - 1)
		argv[n++] = *args++;
	argv[n] = NULL;
	return argv;
}

/* ---- without a terminal ---- */

static void a_test_may_have_a_session_of_its_own(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS(suite_path("session/sets_sid"), suite_path("session/sets_pgid")),
	});
	assert_int_equal(run->exit_code, 0);
	run_check_verdict(run, "sets_sid", "pass");
	run_check_verdict(run, "sets_pgid", "pass");
}

/* It would be out of reach of its deadline, and take what is meant for proctor. */
static void no_test_gets_into_proctors_group(void **state)
{
	struct run *run;

	(void)state;
	run = run_proctor(&(struct run_setup){
		.args = WORDS("--timeout=500ms", "--grace=300ms",
			      suite_path("session/joins_proctor"), suite_path("exe_options/passes")),
	});
	assert_int_equal(run->exit_code, 1);
	run_check_verdict(run, "joins_proctor", "timeout");
	run_check_verdict(run, "passes", "pass");
	assert_string_equal(event_text(run_end(run, "joins_proctor"), "stdout"), "");
}

/* ---- in a terminal ---- */

/* None has it, so none can take its foreground, be stopped by it, or wait for what is typed. */
static void tests_have_no_terminal(void **state)
{
	(void)state;
	terminal_start(lead_exec, proctor_argv(WORDS("--timeout=5s", "--grace=300ms",
						     suite_path("session/takes_terminal"),
						     suite_path("session/reads_terminal"))));
	assert_int_equal(terminal_finish(), 0);
	assert_non_null(strstr(terminal.seen, "Tests: 2 passed"));
}

static void ctrl_c_ends_a_run_whose_tests_wanted_the_terminal(void **state)
{
	(void)state;
	terminal_start(lead_exec, proctor_argv(WORDS("--test-threads=2", "--grace=300ms",
						     "--timeout=60s",
						     suite_path("session/takes_terminal"),
						     suite_path("session/hangs"))));
	/* The live line: one test is done, the other runs. */
	terminal_await("[1/2]");
	terminal_type("\003");
	assert_int_equal(terminal_finish(), 130);
	assert_non_null(strstr(terminal.seen, "interrupted by SIGINT"));
}

/* Its output does not stop it, even where the terminal stops what writes from the background. */
static void nocapture_works_in_a_terminal(void **state)
{
	(void)state;
	terminal_start(lead_exec, WORDS("/bin/sh", "-c", "stty tostop; exec \"$@\"", "sh",
					*proctor_argv(WORDS(NULL)), "run", "--nocapture",
					"--timeout=5s", suite_path("session/says")));
	assert_int_equal(terminal_finish(), 0);
	assert_non_null(strstr(terminal.seen, "said by a test"));
	assert_non_null(strstr(terminal.seen, "Tests: 1 passed"));
}

/* Nobody could continue it: the leader of a session, as under `xterm -e` or `docker run -it`. */
static void ctrl_z_does_nothing_where_nobody_could_continue(void **state)
{
	uint64_t before_us = now_us();

	(void)state;
	terminal_start(lead_exec, proctor_argv(WORDS("--verbose", "--timeout=20s",
						     suite_path("session/naps"))));
	terminal_await("naps");
	terminal_type("\032");
	assert_int_equal(terminal_finish(), 0);
	assert_non_null(strstr(terminal.seen, "Tests: 1 passed"));
	assert_true(now_us() - before_us < 15000000);
}

/* The same in a shell that is no job control's: it leads the group that proctor is in. */
static void ctrl_z_does_nothing_in_an_orphaned_group(void **state)
{
	(void)state;
	terminal_start(lead_exec, WORDS("/bin/sh", "-c", "\"$@\"; echo exit $?", "sh",
					*proctor_argv(WORDS(NULL)), "run", "--verbose",
					"--timeout=20s", suite_path("session/naps")));
	terminal_await("naps");
	terminal_type("\032");
	assert_int_equal(terminal_finish(), 0);
	assert_non_null(strstr(terminal.seen, "exit 0"));
}

static int modes_are_cooked(void)
{
	struct termios modes;

	return tcgetattr(STDIN_FILENO, &modes) == 0 && (modes.c_lflag & ICANON) &&
	       (modes.c_lflag & ECHO) && (modes.c_oflag & OPOST);
}

/* A job in front, as a shell starts one. */
static pid_t job_start(const char *const *argv)
{
	pid_t pid;

	signal(SIGTTOU, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(STDIN_FILENO, getpid());
		signal(SIGTTOU, SIG_DFL);
		_exit(lead_exec(argv));
	}
	setpgid(pid, pid);
	return pid;
}

static int lead_and_look_at_modes(const char *const *argv)
{
	int status;

	waitpid(job_start(argv), &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 1 && modes_are_cooked() ? 0 : 1;
}

static void the_terminals_modes_are_put_back(void **state)
{
	(void)state;
	terminal_start(lead_and_look_at_modes,
		       proctor_argv(WORDS("--nocapture", "--on-crash=continue",
					  suite_path("session/makes_raw"))));
	assert_int_equal(terminal_finish(), 0);
}

/* Waits until a test runs, as far as a job of this terminal can see it; false: none did. */
static bool await_naps(pid_t proctor)
{
	const uint64_t until_us = now_us() + DEADLINE_S * 1000000ull;

	while (!process_child(proctor, "naps")) {
		if (now_us() >= until_us)
			return false;
		poll(NULL, 0, 10);
	}
	return true;
}

/* Modes are another job's matter once proctor is in the background. */
static int lead_and_take_the_front(const char *const *argv)
{
	struct termios modes;
	pid_t pid = job_start(argv);
	int status;

	if (!await_naps(pid))
		return 2;
	tcsetpgrp(STDIN_FILENO, getpid());
	tcgetattr(STDIN_FILENO, &modes);
	modes.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	waitpid(pid, &status, 0);
	tcgetattr(STDIN_FILENO, &modes);
	return !(modes.c_lflag & ECHO) && tcgetpgrp(STDIN_FILENO) == getpid() ? 0 : 1;
}

static void another_jobs_terminal_is_left_alone(void **state)
{
	(void)state;
	terminal_start(lead_and_take_the_front, proctor_argv(WORDS(suite_path("session/naps"))));
	assert_int_equal(terminal_finish(), 0);
}

/* A process in proctor's own session took the front and is gone: nobody is in front then. */
static int lead_and_lose_the_front(const char *const *argv)
{
	pid_t pid = job_start(argv), thief;
	int status;

	if (!await_naps(pid))
		return 3;
	thief = fork();
	if (thief == 0) {
		setpgid(0, 0);
		_exit(tcsetpgrp(STDIN_FILENO, getpid()) == 0 ? 0 : 1);
	}
	waitpid(thief, &status, 0);
	if (status != 0 || tcgetpgrp(STDIN_FILENO) == pid)
		return 2;
	waitpid(pid, &status, 0);
	return tcgetpgrp(STDIN_FILENO) == pid ? 0 : 1;
}

static void the_terminals_foreground_is_put_back(void **state)
{
	(void)state;
	terminal_start(lead_and_lose_the_front, proctor_argv(WORDS(suite_path("session/naps"))));
	assert_int_equal(terminal_finish(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(a_test_may_have_a_session_of_its_own),
		harness_test(no_test_gets_into_proctors_group),
		cmocka_unit_test_teardown(tests_have_no_terminal, terminal_teardown),
		cmocka_unit_test_teardown(ctrl_c_ends_a_run_whose_tests_wanted_the_terminal,
					  terminal_teardown),
		cmocka_unit_test_teardown(nocapture_works_in_a_terminal, terminal_teardown),
		cmocka_unit_test_teardown(ctrl_z_does_nothing_where_nobody_could_continue,
					  terminal_teardown),
		cmocka_unit_test_teardown(ctrl_z_does_nothing_in_an_orphaned_group,
					  terminal_teardown),
		cmocka_unit_test_teardown(the_terminals_modes_are_put_back, terminal_teardown),
		cmocka_unit_test_teardown(another_jobs_terminal_is_left_alone, terminal_teardown),
		cmocka_unit_test_teardown(the_terminals_foreground_is_put_back, terminal_teardown),
	};

	return cmocka_run_group_tests_name("terminal session", tests, NULL, NULL);
}
