/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"

/* What is said of a child that has done `prepare` and waits, without its number. */
static void assert_words(void (*prepare)(void), const char *begin, const char *end)
{
	char words[PROCESS_WORDS_BYTES], start[64];
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, 0), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ready[1], 3);
		prepare();
		if (write(3, "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	process_words(pid, words, sizeof(words));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	snprintf(start, sizeof(start), "process %d%s", pid, begin);
	if (strncmp(words, start, strlen(start)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", words, start);
	if (strlen(words) < strlen(end) || strcmp(words + strlen(words) - strlen(end), end) != 0)
		fail_msg("\"%s\" does not end with \"%s\"", words, end);
	assert_null(strchr(words, '\n'));
	/* It has only just been started. */
	assert_non_null(strstr(words, " old"));
	assert_null(strstr(words, "min old"));
}

static void runs_a_program(void)
{
	execl("/bin/sh", "sh", "-c", "printf x >&3; kill -STOP $$", "two\nlines", NULL);
	_exit(127);
}

static void a_program_is_its_command_line(void **state)
{
	(void)state;
	assert_words(runs_a_program, " (sh), ", " old: sh -c printf x >&3; kill -STOP $$ two lines");
}

static void is_renamed(void)
{
	prctl(PR_SET_NAME, "a) S\nb");
}

/* The command line is that of this test, which it runs no more than a fork of a host runs that. */
static void a_fork_is_told_from_what_it_was_forked_from(void **state)
{
	(void)state;
	assert_words(is_renamed, " (a) S b), ", "/test_process");
}

static void poses_as_a_host(void)
{
	execl("/proc/self/exe", "proctor-host", "serve", NULL);
	_exit(127);
}

/* A process that has run a program is no fork, and is called what it calls itself. */
static void a_title_alone_makes_no_host(void **state)
{
	(void)state;
	assert_words(poses_as_a_host, " (", " old: proctor-host serve");
}

static void what_is_gone_has_a_number_still(void **state)
{
	char words[PROCESS_WORDS_BYTES];
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_int_equal(strncmp(process_words(pid, words, sizeof(words)), "process ", 8), 0);
	assert_int_equal(process_read(pid, "stat", words, sizeof(words)), -1);
}

/* Started again under a host's title: waits, and as `fork` shows what a child of a host is called. */
static int host_main(void)
{
	char words[PROCESS_WORDS_BYTES];
	pid_t pid = getenv("TEST_FORK") ? fork() : -1;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (pid > 0) {
		puts(process_words(pid, words, sizeof(words)));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return 0;
	}
	if (write(3, "x", 1) != 1)
		return 1;
	pause();
	return 0;
}

static void a_fork_of_a_host_is_the_tests(void **state)
{
	char line[PROCESS_WORDS_BYTES], command[512];
	FILE *f;

	(void)state;
	/* Its program's file is called as that of a host is, too. */
	snprintf(command, sizeof(command), "d=$(mktemp -d) && cp /proc/%d/exe $d/proctor-host && "
		 "(PATH=$d; cd $d; TEST_FORK=1 proctor-host serve); rm -r $d", (int)getpid());
	f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	if (!strstr(line, " ms old: forked by the suite's code\n") || strchr(line, '('))
		fail_msg("%s", line);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_its_command_line),
		cmocka_unit_test(a_fork_is_told_from_what_it_was_forked_from),
		cmocka_unit_test(a_title_alone_makes_no_host),
		cmocka_unit_test(what_is_gone_has_a_number_still),
		cmocka_unit_test(a_fork_of_a_host_is_the_tests),
	};

	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return host_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
