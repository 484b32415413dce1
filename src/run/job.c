/* SPDX-License-Identifier: MIT */
#include "run/job.h"

#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The terminal, and whether it is the controlling one; -1: there is none. */
static int terminal_open(bool *controlling)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	*controlling = fd >= 0;
	for (int i = STDERR_FILENO; fd < 0 && i >= STDIN_FILENO; i--)
		if (isatty(i))
			fd = fcntl(i, F_DUPFD_CLOEXEC, 0);
	return fd;
}

void job_open(struct job *job)
{
	bool controlling;
	int fd = terminal_open(&controlling);

	*job = (struct job){ 0 };
	if (fd < 0)
		return;
	/* If this process is in the background, the modes are those of the foreground job. */
	job->terminal = (!controlling || tcgetpgrp(fd) == getpgrp()) &&
			tcgetattr(fd, &job->modes) == 0;
	close(fd);
}

/* Is this process group in the foreground of the terminal? If the group there has no processes any
 * more, it cannot need the terminal, and this one is put back; any other was put there by a
 * shell. */
static bool terminal_is_ours(int fd)
{
	pid_t group = tcgetpgrp(fd);

	if (group == getpgrp())
		return true;
	return group > 0 && kill(-group, 0) < 0 && errno == ESRCH &&
	       tcsetpgrp(fd, getpgrp()) == 0;
}

static bool modes_equal(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

void job_close(const struct job *job)
{
	struct termios now;
	bool controlling;
	int fd;

	if (!job->terminal)
		return;
	fd = terminal_open(&controlling);
	if (fd < 0)
		return;
	if ((!controlling || terminal_is_ours(fd)) && tcgetattr(fd, &now) == 0 &&
	    !modes_equal(&now, &job->modes))
		tcsetattr(fd, TCSANOW, &job->modes);
	close(fd);
}

/* Is it a process of this group whose parent is in the same session, but not in the group? Such a
 * parent is a shell, which can continue the group (`fg`). */
static bool member_has_shell(int pid)
{
	struct process_stat st;

	return process_stat(pid, &st) && st.group == getpgrp() && st.parent > 0 &&
	       getsid(st.parent) == getsid(0) && getpgid(st.parent) != getpgrp();
}

bool job_can_stop(void)
{
	DIR *dir = opendir("/proc");
	bool can = member_has_shell(getpid());
	pid_t pid;

	while (dir && !can && (pid = process_next(dir)) > 0)
		can = member_has_shell(pid);
	if (dir)
		closedir(dir);
	return can;
}

void job_stop(int signo)
{
	sigset_t set, mask;

	sigemptyset(&set);
	sigaddset(&set, signo);
	raise(signo);
	pthread_sigmask(SIG_UNBLOCK, &set, &mask);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}
