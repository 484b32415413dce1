/* SPDX-License-Identifier: MIT */
#include "base/file_size.h"

#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Writes past a limit of file sizes in a child; its wait status. */
static int write_past_the_limit(bool held)
{
	struct rlimit limit = { .rlim_cur = 1000, .rlim_max = 1000 };
	struct rlimit no_core = { 0 };
	pid_t pid = fork();
	sigset_t mask, now;
	int fd, status;

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		setrlimit(RLIMIT_FSIZE, &limit);
		fd = open("file", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (held)
			file_size_hold(&mask);
		if (ftruncate(fd, 2000) == 0 || errno != EFBIG)
			_exit(1);
		if (held)
			file_size_release(&mask);
		sigprocmask(SIG_BLOCK, NULL, &now);
		_exit(sigismember(&now, SIGXFSZ) ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_write_past_the_limit_is_an_error_and_no_death(void **state)
{
	int status = write_past_the_limit(false);

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	assert_int_equal(write_past_the_limit(true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_past_the_limit_is_an_error_and_no_death),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
