/* SPDX-License-Identifier: MIT */
#include "base/death.h"

#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* So long a tracer is waited for: 100 ms. One that is longer has stopped at a prompt. */
#define TRACER_NAP_NS 200000
#define TRACER_NAPS 500

struct awaited {
	pid_t pid;
	int write_fd;
};

static void *watch_main(void *data)
{
	struct awaited *w = data;
	siginfo_t si;

	/* WNOWAIT: the child stays a zombie for its owner to reap. ECHILD: it was reaped
	 * already. */
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
	struct awaited *w = malloc(sizeof(*w));
	pthread_t thread;
	int fds[2], ret;

	if (!w)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		ret = -errno;
		free(w);
		return ret;
	}
	*w = (struct awaited){ .pid = pid, .write_fd = fds[1] };
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

void death_signal(pid_t pid, int fd, int signo)
{
	siginfo_t si;

	/* ESRCH: it is gone. */
	if (syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0) == 0 || errno == ESRCH)
		return;
	if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0)
		kill(pid, signo);
}

bool death_look(pid_t pid, siginfo_t *si)
{
	const struct timespec moment = { .tv_nsec = TRACER_NAP_NS };
	int ret;

	for (int i = 0;; i++) {
		*si = (siginfo_t){ 0 };
		do
			ret = waitid(P_PID, (id_t)pid, si, WEXITED | WNOHANG | WNOWAIT);
		while (ret < 0 && errno == EINTR);
		if (ret < 0 || si->si_pid == pid || i == TRACER_NAPS)
			return ret == 0 && si->si_pid == pid;
		nanosleep(&moment, NULL);
	}
}

int death_status(const siginfo_t *si)
{
	switch (si->si_code) {
	case CLD_EXITED:
		return (si->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return si->si_status | 0x80;
	default:
		return si->si_status;
	}
}

int death_reap(pid_t pid, int fd, int timeout_ms)
{
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	siginfo_t si = { 0 };
	int ret;

	if (poll(&ended, 1, timeout_ms) > 0)
		death_look(pid, &si);
	si = (siginfo_t){ 0 };
	ret = waitid(P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG);
	/* No pidfd, or Linux before 5.4. */
	if (ret < 0 && errno != ECHILD)
		ret = waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG);
	return ret == 0 && si.si_pid == pid ? death_status(&si) : -1;
}

int death_pidfd_refused(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}
