/* SPDX-License-Identifier: MIT */
#include "base/death.h"

#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct watch {
	pid_t pid;
	int write_fd;
};

static void *watch_main(void *data)
{
	struct watch *w = data;
	siginfo_t si;

	/* The zombie stays: whoever owns the child reaps it. ECHILD: somebody did. */
	while (waitid(P_PID, (id_t)w->pid, &si, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		continue;
	/* Its reader may be gone; SIGPIPE is blocked here. */
	if (write(w->write_fd, "", 1) < 0)
		errno = 0;
	close(w->write_fd);
	free(w);
	return NULL;
}

static int watch_start(pid_t pid)
{
	struct watch *w = malloc(sizeof(*w));
	pthread_t thread;
	int fds[2], ret;

	if (!w)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		ret = -errno;
		free(w);
		return ret;
	}
	*w = (struct watch){ .pid = pid, .write_fd = fds[1] };
	ret = thread_start(&thread, THREAD_SMALL_STACK_BYTES, watch_main, w);
	if (ret < 0) {
		close(fds[0]);
		close(fds[1]);
		free(w);
		return ret;
	}
	pthread_detach(thread);
	return fds[0];
}

int death_fd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		return fd;
	return errno == EPERM || errno == ENOSYS ? watch_start(pid) : -errno;
}

int death_pidfd_refused(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}
