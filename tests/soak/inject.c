/* SPDX-License-Identifier: MIT */
#include "inject.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int filter_install(const int *calls, unsigned ncalls)
{
	struct sock_filter filter[INJECT_CALLS_MAX + 3];
	struct sock_fprog program = { .filter = filter };
	unsigned n = 0;

	filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						   offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < ncalls; i++)
		filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							   (unsigned)calls[i],
							   (unsigned char)(ncalls - i), 0);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

bool inject_possible(void)
{
	static const int call[] = { SYS_personality };
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(filter_install(call, 1) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* What the child may still do without asking is to write to memory. */
struct handover {
	pid_t pid;
	atomic_int fd;			/* 0: not there yet; -1: there is none */
	atomic_bool taken;		/* it closes at the child's exec */
};

/* The listener that the child has made; -1: it could not. */
static int listener_take(struct handover *handover, const atomic_bool *stop)
{
	int pidfd, fd;

	while (handover->fd == 0 && !*stop)
		usleep(500);
	if (handover->fd <= 0)
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, handover->pid, 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, handover->fd, 0);
	close(pidfd);
	handover->taken = true;
	return fd;
}

void inject_child(void *injector)
{
	struct injector *in = injector;
	int fd;

	in->handover->pid = getpid();
	fd = filter_install(in->calls, in->ncalls);
	in->handover->fd = fd;
	while (fd >= 0 && !in->handover->taken)
		sched_yield();
	if (fd < 0)
		_exit(125);
}

/* Before its exec a child of the program still is the program. */
static bool is_program(const struct injector *in, unsigned tid)
{
	char path[32], exe[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/exe", tid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n < 0)
		return false;
	exe[n] = '\0';
	return strcmp(exe, in->program) == 0;
}

/* 0: the call may go on; else the errno that it fails with. */
static int decide(struct injector *in, const struct seccomp_notif *ask)
{
	unsigned at = 0, n, sum = 0;

	/* What went wrong is to be said, whatever it was. */
	if ((ask->data.nr == SYS_write || ask->data.nr == SYS_writev) && ask->data.args[0] == 2)
		return 0;
	if (!is_program(in, ask->pid))
		return 0;
	while (at < in->ncalls && in->calls[at] != ask->data.nr)
		at++;
	if (at == in->ncalls)
		return 0;
	in->seen[at]++;
	for (unsigned i = 0; i < in->ncalls; i++)
		sum += in->seen[i];
	n = sum;
	if (in->from == 0 || n < in->from || n > in->upto)
		return 0;
	in->nfailed++;
	return in->errnum;
}

static void answer_one(struct injector *in, int fd)
{
	struct seccomp_notif ask;
	struct seccomp_notif_resp answer;
	int errnum;

	memset(&ask, 0, sizeof(ask));
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
		return;
	errnum = decide(in, &ask);
	answer = (struct seccomp_notif_resp){
		.id = ask.id, .error = -errnum,
		.flags = errnum ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void *inject_main(void *data)
{
	struct injector *in = data;
	int fd = listener_take(in->handover, &in->stop);
	struct pollfd asked = { .fd = fd, .events = POLLIN };

	while (fd >= 0 && !in->stop) {
		if (poll(&asked, 1, 100) <= 0)
			continue;
		if (asked.revents & POLLIN)
			answer_one(in, fd);
		else
			break;		/* nobody is left to ask */
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

void inject_begin(struct injector *in)
{
	for (unsigned i = 0; i < INJECT_CALLS_MAX; i++)
		in->seen[i] = 0;
	in->nfailed = 0;
	in->stop = false;
	in->handover = mmap(NULL, sizeof(*in->handover), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (in->handover == MAP_FAILED ||
	    pthread_create(&in->thread, NULL, inject_main, in) != 0)
		abort();
}

void inject_end(struct injector *in)
{
	in->stop = true;
	pthread_join(in->thread, NULL);
	munmap(in->handover, sizeof(*in->handover));
}
