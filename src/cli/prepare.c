/* SPDX-License-Identifier: MIT */
/* What has to hold in the process before anything else is done in it. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Whoever closed a standard descriptor wants nothing read or written there. The next file that is
 * opened would get its number, and what is meant for stdout would go into that file.
 */
static int descriptors_fill(struct proctor_error *err)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return error_sys(err, errno, "cannot open /dev/null in place of a closed "
					 "descriptor %d", fd);
	return 0;
}

static void on_file_size(int signo)
{
	(void)signo;
}

/*
 * Two real-time signals are the C library's, which sets a handler when it needs one and lets nobody
 * else have it: until then a test that sends one would end proctor. The kernel's own record of the
 * handler above is good for them, too.
 */
static void library_signals_survive(void)
{
	unsigned long action[16], old[16];
	const size_t nset_bytes = (NSIG - 1) / 8;

	if (syscall(SYS_rt_sigaction, SIGXFSZ, NULL, action, nset_bytes) < 0)
		return;
	for (int signo = 32; signo < SIGRTMIN; signo++)
		/* It begins with the handler. */
		if (syscall(SYS_rt_sigaction, signo, NULL, old, nset_bytes) == 0 && old[0] == 0)
			syscall(SYS_rt_sigaction, signo, action, NULL, nset_bytes);
}

/*
 * A file at the limit of its size is an error of the write, not the end of proctor. Not ignored: a
 * program that is started would inherit that, whereas a handler becomes the default again.
 */
static void file_size_survive(void)
{
	struct sigaction act = { .sa_handler = on_file_size, .sa_flags = SA_RESTART }, old;

	if (sigaction(SIGXFSZ, NULL, &old) == 0 && old.sa_handler == SIG_DFL &&
	    sigaction(SIGXFSZ, &act, NULL) == 0)
		library_signals_survive();
}

int process_prepare(struct proctor_error *err)
{
	file_size_survive();
	return descriptors_fill(err);
}
