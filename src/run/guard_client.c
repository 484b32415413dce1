/* SPDX-License-Identifier: MIT */
#include "run/guard_client.h"

#include "base/container.h"
#include "base/crash_words.h"
#include "base/futex.h"
#include "base/thread.h"
#include "run/kernel.h"
#include "run/writer.h"
#include "wire/page.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOSE_MS 1000

enum guard_state {
	GUARD_STARTING,
	GUARD_STANDS,
	GUARD_FAILED,
};

struct guard {
	/* Constant from guard_open() on. */
	const char *host_path, *run_id;
	const char *temp_dirs;		/* where the run's temporary directories lie; NULL: they stay */
	const struct inherited *inherited;
	pthread_t keeper;
	bool kept;			/* there is a keeper, and what follows is open */
	int page_fd, read_fd;
	int write_fd;			/* closed by proctor's death, which tells the guard */
	_Atomic int32_t *groups;
	_Atomic uint32_t state;		/* enum guard_state; released by the keeper */
	_Atomic uint32_t closing;	/* released by guard_close() */
	struct proctor_error err;	/* why it failed */
	bool told;			/* guard_failed() has said so */
	/* The keeper's alone. */
	struct spawned process;
};

static int guard_map(struct guard *g, struct proctor_error *err)
{
	int fd = memfd_create("proctor-guard", MFD_CLOEXEC);
	void *at = MAP_FAILED;

	fd = fd < 0 ? -errno : fd_high(fd);
	if (fd < 0)
		return error_sys(err, -fd, "cannot make the guard's page");
	if (ftruncate(fd, GUARD_GROUPS_MAX * sizeof(int32_t)) == 0)
		at = mmap(NULL, GUARD_GROUPS_MAX * sizeof(int32_t), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		int errnum = errno;

		close(fd);
		return error_sys(err, errnum, "cannot map the guard's page");
	}
	g->page_fd = fd;
	g->groups = at;
	return 0;
}

static void guard_unmap(struct guard *g)
{
	munmap((void *)g->groups, GUARD_GROUPS_MAX * sizeof(int32_t));
	close(g->page_fd);
}

static int guard_spawn(struct guard *g)
{
	char *argv[] = { "proctor-guard", "guard", "3", (char *)g->run_id, (char *)g->temp_dirs, NULL };
	char *envp[] = { NULL };
	const int fds[] = { g->inherited->null_fd, -1, -1, g->read_fd, g->page_fd };
	struct spawn spawn = {
		.path = g->host_path, .argv = argv, .envp = envp, .inherited = g->inherited,
		.leads = true, .fds = fds, .nfds = ARRAY_SIZE(fds),
	};

	return spawn_start(&spawn, &g->process, &g->err);
}

/* If somebody has killed the guard, the write raises SIGPIPE. It is taken back here: the program
 * that uses the library shall not get it. */
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

/* Reaps the guard, which is a child of this thread. */
static void guard_dismiss(struct guard *g)
{
	struct pollfd ended = { .fd = g->process.pidfd, .events = POLLIN };
	char words[WORDS_BYTES];
	int status = 0;

	guard_say_bye(g);
	/* The guard ends when it has read to the end of the pipe. */
	close(g->write_fd);
	g->write_fd = -1;
	if (poll(&ended, 1, CLOSE_MS) != 1)
		kill(g->process.pid, SIGKILL);
	while (waitpid(g->process.pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (status != 0)
		error_set(&g->err, -ESRCH, "the guard did not wait for the end of the run: it %s",
			  status_words(status, words, sizeof(words)));
	close(g->process.pidfd);
}

/* The keeper's thread. */
static void *guard_keep(void *data)
{
	struct guard *g = data;
	bool stands = guard_spawn(g) == 0;

	atomic_store_explicit(&g->state, stands ? GUARD_STANDS : GUARD_FAILED,
			      memory_order_release);
	futex_wake(&g->state);
	while (atomic_load_explicit(&g->closing, memory_order_acquire) == 0)
		futex_wait(&g->closing, 0, CLOCK_NEVER);
	if (stands)
		guard_dismiss(g);
	return NULL;
}

/* Makes all that is needed but the process, which the keeper starts. On failure nothing is held. */
static int guard_prepare(struct guard *g, struct proctor_error *err)
{
	int fds[2], ret = guard_map(g, err);

	if (ret < 0)
		return ret;
	ret = pipe_high(fds);
	if (ret < 0) {
		error_sys(err, -ret, "cannot make the guard's pipe");
		goto unmap;
	}
	g->read_fd = fds[0];
	g->write_fd = fds[1];
	ret = thread_start(&g->keeper, THREAD_SMALL_STACK_BYTES, guard_keep, g);
	if (ret == 0)
		return 0;
	error_sys(err, -ret, "cannot start the guard's thread");
	close(fds[0]);
	close(fds[1]);
unmap:
	guard_unmap(g);
	return ret;
}

int guard_open(struct guard **guard, const char *host_path, const char *run_id, const char *temp_dirs,
	       const struct inherited *inherited, struct proctor_error *err)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (!g)
		return error_set(err, -ENOMEM, "no memory for the guard");
	*g = (struct guard){ .host_path = host_path, .run_id = run_id, .temp_dirs = temp_dirs,
			     .inherited = inherited };
	g->kept = guard_prepare(g, &g->err) == 0;
	if (!g->kept)
		g->state = GUARD_FAILED;
	*guard = g;
	return 0;
}

void guard_wait(struct guard *g)
{
	while (g && atomic_load_explicit(&g->state, memory_order_acquire) == GUARD_STARTING)
		futex_wait(&g->state, GUARD_STARTING, CLOCK_NEVER);
}

bool guard_failed(struct guard *g, struct proctor_error *err)
{
	if (!g || g->told ||
	    atomic_load_explicit(&g->state, memory_order_acquire) != GUARD_FAILED)
		return false;
	g->told = true;
	*err = g->err;
	return true;
}

int guard_tell_failed(struct guard *g, struct writer *w, struct proctor_error *err)
{
	struct proctor_error why;
	int ret;

	if (!guard_failed(g, &why))
		return 0;
	ret = kernel_check_start(err);
	if (ret == 0)
		writer_note(w, "if proctor is killed, tests may outlive it: %s", why.text);
	return ret;
}

int guard_close(struct guard *g, struct proctor_error *err)
{
	int ret;

	if (!g)
		return 0;
	if (g->kept) {
		atomic_store_explicit(&g->closing, 1, memory_order_release);
		futex_wake(&g->closing);
		pthread_join(g->keeper, NULL);
		close(g->read_fd);
		if (g->write_fd >= 0)
			close(g->write_fd);
		guard_unmap(g);
	}
	ret = g->told ? 0 : g->err.code;
	if (ret < 0)
		*err = g->err;
	free(g);
	return ret;
}

void guard_end(struct guard *g, struct writer *w)
{
	struct proctor_error err;

	if (guard_close(g, &err) < 0)
		writer_note(w, "had proctor been killed, tests would have outlived it: %s", err.text);
}

void guard_add(struct guard *g, pid_t group)
{
	for (int i = 0; g && g->kept && i < GUARD_GROUPS_MAX; i++) {
		int32_t empty = 0;

		if (atomic_compare_exchange_strong(&g->groups[i], &empty, group))
			return;
	}
}

void guard_remove(struct guard *g, pid_t group)
{
	for (int i = 0; g && g->kept && i < GUARD_GROUPS_MAX; i++) {
		int32_t full = group;

		if (atomic_compare_exchange_strong(&g->groups[i], &full, 0))
			return;
	}
}
