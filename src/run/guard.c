/* SPDX-License-Identifier: MIT */
#include "run/guard.h"

#include "host/protocol.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct guard {
	pid_t pid;
	int pidfd;
	int write_fd;		/* its end is the end of proctor */
	_Atomic int32_t *groups;
};

/* `*fd` is the memfd; the mapping outlives it. */
static _Atomic int32_t *guard_map(int *fd, struct proctor_error *err)
{
	void *at;

	*fd = fd_high(memfd_create("proctor-guard", MFD_CLOEXEC));
	if (*fd < 0) {
		error_sys(err, -*fd, "cannot make the guard's page");
		return NULL;
	}
	if (ftruncate(*fd, GUARD_GROUPS_MAX * sizeof(int32_t)) == 0) {
		at = mmap(NULL, GUARD_GROUPS_MAX * sizeof(int32_t), PROT_READ | PROT_WRITE,
			  MAP_SHARED, *fd, 0);
		if (at != MAP_FAILED)
			return at;
	}
	error_sys(err, errno, "cannot map the guard's page");
	close(*fd);
	return NULL;
}

static void guard_unmap(struct guard *g)
{
	munmap((void *)g->groups, GUARD_GROUPS_MAX * sizeof(int32_t));
}

int guard_open(struct guard **guard, const char *host_path, const char *run_id,
	       const struct inherited *inherited, struct proctor_error *err)
{
	char *argv[] = { "proctor-guard", "guard", "3", (char *)run_id, NULL };
	char *envp[] = { NULL };
	struct guard *g = calloc(1, sizeof(*g));
	int fds[2], page_fd, ret;

	if (!g)
		return error_set(err, -ENOMEM, "no memory for the guard");
	g->groups = guard_map(&page_fd, err);
	if (!g->groups) {
		ret = -EMFILE;
		goto free_guard;
	}
	ret = pipe_high(fds);
	if (ret < 0) {
		error_sys(err, -ret, "cannot make the guard's pipe");
		goto unmap;
	}
	struct spawn spawn = {
		.path = host_path, .argv = argv, .envp = envp, .inherited = inherited,
		.fds = { inherited->null_fd, -1, -1, fds[0], page_fd },
	};
	ret = spawn_start(&spawn, &g->pid, &g->pidfd, err);
	close(fds[0]);
	if (ret < 0) {
		close(fds[1]);
		goto unmap;
	}
	close(page_fd);
	g->write_fd = fds[1];
	*guard = g;
	return 0;
unmap:
	close(page_fd);
	guard_unmap(g);
free_guard:
	free(g);
	return ret;
}

/* If somebody killed the guard, the SIGPIPE is not for the program that called. */
static void guard_say_bye(struct guard *g)
{
	static const struct timespec at_once;
	char bye = GUARD_BYE;
	sigset_t pipe_set, mask;

	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_set, &mask);
	if (write(g->write_fd, &bye, 1) < 0)
		sigtimedwait(&pipe_set, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

void guard_close(struct guard *g)
{
	struct pollfd ended;

	if (!g)
		return;
	guard_say_bye(g);
	close(g->write_fd);
	ended = (struct pollfd){ .fd = g->pidfd, .events = POLLIN };
	if (poll(&ended, 1, 1000) != 1)
		kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
	close(g->pidfd);
	guard_unmap(g);
	free(g);
}

void guard_add(struct guard *g, pid_t group)
{
	for (int i = 0; g && i < GUARD_GROUPS_MAX; i++) {
		int32_t empty = 0;

		if (atomic_compare_exchange_strong(&g->groups[i], &empty, group))
			return;
	}
}

void guard_remove(struct guard *g, pid_t group)
{
	for (int i = 0; g && i < GUARD_GROUPS_MAX; i++) {
		int32_t full = group;

		if (atomic_compare_exchange_strong(&g->groups[i], &full, 0))
			return;
	}
}
