/* SPDX-License-Identifier: MIT */
/* What is set right in the process before anything else is done. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Opens /dev/null in place of each standard descriptor that is closed. Otherwise the next file that
 * is opened would get that number, and what is written to stdout, say, would go into that file.
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
 * The C library keeps two real-time signals for itself. It sets their handlers only when it needs
 * them, and until then a test that sends one to proctor would end it; but sigaction() refuses these
 * signals. So the kernel is asked directly: they get the handler of SIGXFSZ, in the form in which
 * the kernel has it.
 */
static void library_signals_survive(void)
{
	unsigned long action[16], old[16];
	const size_t nset_bytes = (NSIG - 1) / 8;

	if (syscall(SYS_rt_sigaction, SIGXFSZ, NULL, action, nset_bytes) < 0)
		return;
	for (int signo = 32; signo < SIGRTMIN; signo++)
		/* The first word is the handler; 0 is SIG_DFL. */
		if (syscall(SYS_rt_sigaction, signo, NULL, old, nset_bytes) == 0 && old[0] == 0)
			syscall(SYS_rt_sigaction, signo, action, NULL, nset_bytes);
}

/*
 * A write beyond the limit of file sizes sends SIGXFSZ: with a handler the write fails, and proctor
 * goes on. The signal is not ignored, since programs that are started would inherit that; a handler
 * they do not inherit.
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
