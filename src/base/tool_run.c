/* SPDX-License-Identifier: MIT */
#include "base/tool_run.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A tool under way. */
struct child {
	struct tool_run *run;
	struct inherited inherited;
	pid_t pid;
	int pidfd;
	int said_fd;			/* the read end of what it says; -1: it has closed it */
	size_t nsaid;
	int status;
};

/* Our environment, but for two variables: a tool that is instrumented itself shall not write its
 * profile among ours, and what it says shall be in English. */
static char **child_environment(void)
{
	static char *const own[] = { "LLVM_PROFILE_FILE=/dev/null", "LC_ALL=C" };
	size_t n = 0, nvars = 0;
	char **vars;

	while (environ[n])
		n++;
	vars = calloc(n + 3, sizeof(*vars));
	for (size_t i = 0; vars && i < n; i++)
		if (strncmp(environ[i], "LLVM_PROFILE_FILE=", 18) != 0 &&
		    strncmp(environ[i], "LC_ALL=", 7) != 0)
			vars[nvars++] = environ[i];
	for (size_t i = 0; vars && i < 2; i++)
		vars[nvars++] = own[i];
	return vars;
}

/* Waits between two attempts to start the tool; false once it is cancelled. */
static bool child_pause(void *data, uint64_t us)
{
	const struct child *c = data;
	struct pollfd cancel = { .fd = c->run->cancel_fd, .events = POLLIN };

	return poll(&cancel, 1, (int)(us / 1000)) == 0;
}

int tool_file(const struct bytes *content)
{
	int fd = memfd_create("proctor", MFD_CLOEXEC), error;

	if (fd < 0)
		return -errno;
	errno = ENOSPC;
	if (content->nbytes == 0 ||
	    pwrite(fd, content->data, content->nbytes, 0) == (ssize_t)content->nbytes)
		return fd_high(fd);
	error = errno;
	close(fd);
	return -error;
}

static int child_spawn(struct child *c, int stdin_fd, int said_fd, struct proctor_error *err)
{
	const int fds[] = { stdin_fd, c->run->stdout_fd >= 0 ? c->run->stdout_fd : said_fd, said_fd };
	struct spawn spawn = { .path = c->run->path, .argv = c->run->argv,
			       .inherited = &c->inherited, .leads = true,
			       .dies_with_parent = true,
			       .fds = fds, .nfds = ARRAY_SIZE(fds),
			       .pause = child_pause, .pause_data = c };
	char **vars = child_environment();
	struct spawned started;
	int ret;

	if (!vars)
		return error_set(err, -ENOMEM, "no memory to run %s", c->run->path);
	spawn.envp = vars;
	ret = spawn_start(&spawn, &started, err);
	free(vars);
	c->pid = started.pid;
	c->pidfd = started.pidfd;
	return ret;
}

static int child_start(struct child *c, struct proctor_error *err)
{
	int said[2], ret, stdin_fd = tool_file(&c->run->input);

	if (stdin_fd < 0)
		return error_sys(err, -stdin_fd, "cannot make the input of %s", c->run->path);
	ret = pipe_high(said);
	if (ret < 0) {
		error_sys(err, -ret, "cannot make a pipe to %s", c->run->path);
	} else {
		fcntl(said[0], F_SETFL, O_NONBLOCK);
		c->said_fd = said[0];
		ret = child_spawn(c, stdin_fd, said[1], err);
		close(said[1]);
		if (ret < 0)
			close(said[0]);
	}
	close(stdin_fd);
	return ret;
}

/* Takes what it has said so far; more than there is room for is read and dropped. */
static void child_hear(struct child *c)
{
	char rest[4096];

	while (c->said_fd >= 0) {
		size_t room = TOOL_SAID_BYTES - c->nsaid;
		ssize_t n = room ? read(c->said_fd, c->run->said + c->nsaid, room)
				 : read(c->said_fd, rest, sizeof(rest));

		if (n < 0)
			return;
		if (n == 0) {
			close(c->said_fd);
			c->said_fd = -1;
		} else if (room) {
			c->nsaid += (size_t)n;
		}
	}
}

/* 0 when it has ended; else why it is to be given up. */
static int child_wait(struct child *c)
{
	uint64_t until_us = clock_us() + c->run->timeout_us;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = c->pidfd, .events = POLLIN },
			{ .fd = c->said_fd, .events = POLLIN },
			{ .fd = c->run->cancel_fd, .events = POLLIN },
		};
		uint64_t now_us = clock_us();
		uint64_t left_ms = until_us > now_us ? (until_us - now_us + 999) / 1000 : 0;
		int n = poll(fds, 3, left_ms < 60000 ? (int)left_ms : 60000);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && fds[1].revents)
			child_hear(c);
		if (n > 0 && fds[0].revents)
			return 0;
		if (n > 0 && fds[2].revents)
			return -EINTR;
		if (clock_us() >= until_us)
			return -ETIMEDOUT;
	}
}

/* Kills the tool's process group, too: a child that it left may hold the pipe open. We are a
 * subreaper now, so such a child becomes ours when the tool is dead, and is reaped here. */
static void child_end(struct child *c)
{
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &c->status, 0) < 0 && errno == EINTR)
		continue;
	while (waitpid(-c->pid, NULL, 0) > 0 || errno == EINTR)
		continue;
	child_hear(c);
	if (c->said_fd >= 0)
		close(c->said_fd);
	close(c->pidfd);
	c->run->said[c->nsaid] = '\0';
}

/* The last line that is not empty, behind a colon; "": it said nothing. */
static void last_line(const char *said, char *to, size_t nto)
{
	size_t end = strlen(said), begin;

	while (end > 0 && (said[end - 1] == '\n' || said[end - 1] == ' '))
		end--;
	for (begin = end; begin > 0 && said[begin - 1] != '\n';)
		begin--;
	to[0] = '\0';
	if (end > begin)
		snprintf(to, nto, ": %.*s", (int)(end - begin), said + begin);
}

static int child_judge(const struct child *c, int given_up, struct proctor_error *err)
{
	const struct tool_run *run = c->run;
	char line[400];

	last_line(run->said, line, sizeof(line));
	if (given_up == -ETIMEDOUT)
		return error_set(err, given_up, "%s, which was to %s, did not end within %g s%s",
				 run->path, run->what, (double)run->timeout_us / 1e6, line);
	if (given_up == -EINTR)
		return error_set(err, given_up, "%s, which was to %s, was stopped with the run",
				 run->path, run->what);
	if (given_up < 0)
		return error_sys(err, -given_up, "cannot wait for %s", run->path);
	if (WIFSIGNALED(c->status))
		return error_set(err, -EIO, "%s, which was to %s, crashed with SIG%s%s", run->path,
				 run->what, sigabbrev_np(WTERMSIG(c->status)) ?: "?", line);
	if (WEXITSTATUS(c->status) != 0)
		return error_set(err, -EIO, "%s, which was to %s, failed with status %d%s", run->path,
				 run->what, WEXITSTATUS(c->status), line);
	return 0;
}

int tool_run(struct tool_run *run, struct proctor_error *err)
{
	struct child c = { .run = run, .said_fd = -1 };
	int ret, given_up, was_subreaper = 0;
	sigset_t all, mask;

	run->said[0] = '\0';
	/* A tool may end before child_wait() has looked at `cancel_fd`: so it is looked at here. */
	if (!child_pause(&c, 0))
		return child_judge(&c, -EINTR, err);
	ret = inherited_open(&c.inherited, err);
	if (ret < 0)
		return ret;
	/* Not this thread's mask: during a run nearly all signals are blocked here, and the tool
	 * would not die of them. */
	sigemptyset(&c.inherited.mask);
	prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	ret = child_start(&c, err);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (ret == 0) {
		given_up = child_wait(&c);
		child_end(&c);
		ret = child_judge(&c, given_up, err);
	}
	prctl(PR_SET_CHILD_SUBREAPER, was_subreaper);
	inherited_close(&c.inherited);
	return ret;
}
