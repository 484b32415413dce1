/* SPDX-License-Identifier: MIT */
#include "hosts/fork_client.h"

#include "base/clock.h"
#include "base/death.h"
#include "base/vector.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASK_US 10000000u	/* for a process: it is made without a file being read */
#define LOOK_US 50000u		/* between two looks whether the run is to stop */
#define DEATH_MS 5000

/* ---- refusals ---- */

void fork_refusals_init(struct fork_refusals *r)
{
	*r = (struct fork_refusals){ .list = NULL };
	pthread_mutex_init(&r->lock, NULL);
}

void fork_refusals_fini(struct fork_refusals *r)
{
	pthread_mutex_destroy(&r->lock);
	free(r->list);
}

static bool refusals_have(const struct fork_refusals *r, const void *suite)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].suite == suite)
			return true;
	return false;
}

/* Where there is no memory, it is tried again with the next test. */
bool fork_refusals_add(struct fork_refusals *r, const void *suite)
{
	struct fork_refused *refused = NULL;
	bool first;

	pthread_mutex_lock(&r->lock);
	first = r->n == 0;
	if (!refusals_have(r, suite))
		refused = vector_add(r);
	if (refused)
		refused->suite = suite;
	pthread_mutex_unlock(&r->lock);
	return first;
}

bool fork_refusals_have(struct fork_refusals *r, const void *suite)
{
	bool have;

	pthread_mutex_lock(&r->lock);
	have = refusals_have(r, suite);
	pthread_mutex_unlock(&r->lock);
	return have;
}

const char *fork_refusal_words(enum fork_refusal refusal)
{
	switch (refusal) {
	case FORK_REFUSAL_NONE:
		break;
	case FORK_REFUSAL_THREADS:
		return "it has threads before main()";
	case FORK_REFUSAL_FILES:
		return "it has files open before main(), or closed the standard ones";
	case FORK_REFUSAL_CHILDREN:
		return "it has children before main()";
	case FORK_REFUSAL_TIMERS:
		return "it has timers before main()";
	case FORK_REFUSAL_HANDLERS:
		return "it has handlers of pthread_atfork() before main()";
	case FORK_REFUSAL_LIBRARY:
		return "its C library cannot be forked so";
	case FORK_NREFUSALS:
		break;
	}
	return "it does not say why";
}

/* ---- messages ---- */

int fork_answer_check(const struct fork_answer *a, size_t nbytes, uint32_t serial,
		      struct proctor_error *err)
{
	bool holds = nbytes == sizeof(*a) && a->magic == FORK_SERVER_MAGIC && a->serial == serial &&
		     a->word > 0 && a->word < FORK_NWORDS;

	if (holds && (a->word == FORK_SERVES || a->word == FORK_REFUSES))
		holds = serial == 0 && a->value >= 0 && a->value < FORK_NREFUSALS;
	else if (holds)
		holds = serial > 0 && a->value >= 0 && a->group >= 0 &&
			((a->value > 1 && a->group > 1) || a->word != FORK_CREATED);
	return holds ? 0 : error_set(err, -EBADMSG, "what it says before main() is no answer");
}

struct packer {
	char *bytes;
	size_t n;		/* more than there is room for: it did not fit */
};

static void pack_text(struct packer *p, const char *text)
{
	size_t n = strlen(text) + 1;

	if (p->n <= FORK_REQUEST_BYTES && n <= FORK_REQUEST_BYTES - p->n)
		memcpy(p->bytes + p->n, text, n);
	p->n += n;
}

static bool env_has(const struct child_environment *env, size_t at, const char *var)
{
	/* Mostly the two are the same, in the same order. */
	if (at < env->nvars && strcmp(env->vars[at], var) == 0)
		return true;
	for (size_t i = 0; i < env->nvars; i++)
		if (strcmp(env->vars[i], var) == 0)
			return true;
	return false;
}

static uint32_t pack_vars(struct packer *p, const struct child_environment *server_env,
			  const struct child_environment *env)
{
	char name[256];
	uint32_t n = 0;

	for (size_t i = 0; i < server_env->nvars; i++) {
		const char *var = server_env->vars[i];
		size_t nname = (size_t)(strchrnul(var, '=') - var);

		if (i < env->nvars && strncmp(env->vars[i], var, nname + 1) == 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(nname < sizeof(name) ? nname : 0), var);
		if (*name && !child_environment_get(env, name)) {
			pack_text(p, name);
			n++;
		}
	}
	for (size_t i = 0; i < env->nvars; i++)
		if (!env_has(server_env, i, env->vars[i])) {
			pack_text(p, env->vars[i]);
			n++;
		}
	return n;
}

ssize_t fork_request_pack(char bytes[FORK_REQUEST_BYTES], const struct fork_request *from,
			  char *const *words, const struct child_environment *server_env,
			  const struct child_environment *env, const char *workdir)
{
	struct fork_request head = *from;
	struct packer p = { .bytes = bytes, .n = sizeof(head) };

	head.magic = FORK_SERVER_MAGIC;
	for (head.nwords = 0; words[head.nwords]; head.nwords++)
		pack_text(&p, words[head.nwords]);
	head.nvars = pack_vars(&p, server_env, env);
	head.has_workdir = workdir != NULL;
	if (workdir)
		pack_text(&p, workdir);
	memcpy(bytes, &head, sizeof(head));
	return p.n <= FORK_REQUEST_BYTES ? (ssize_t)p.n : -E2BIG;
}

/* ---- talk ---- */

/* Waits for the next answer, until `until_us` at most, or the end of `other` (-1: of nothing). */
static int answer_take(const struct fork_server *s, const struct fork_setup *setup, int other,
		       uint64_t until_us, uint32_t serial, struct fork_answer *answer,
		       struct proctor_error *err)
{
	for (;;) {
		struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN },
					 { .fd = other, .events = POLLIN } };
		uint64_t now_us = clock_us();
		ssize_t n;

		if (*setup->stopping)
			return -ECANCELED;
		if (now_us >= until_us)
			return error_set(err, -ETIMEDOUT, "it does not get as far as main()");
		if (poll(fds, 2, LOOK_US / 1000) <= 0)
			continue;
		if (fds[0].revents == 0)
			return error_set(err, -ECHILD, "its process for a test ended before main()");
		n = recv(s->fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return error_set(err, -EPIPE, "it ended before main()");
		return fork_answer_check(answer, (size_t)n, serial, err);
	}
}

/* The program wrote something before main(): executed for each test it would do so each time. */
static bool pipe_has_bytes(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

/* ---- start and end ---- */

/* What it is started with: the descriptors of its own. `pipes`: the read ends, then the write ends, of stdout
 * and stderr. */
static int server_spawn(struct fork_server *s, const struct fork_setup *setup, const int pipes[2][2],
			int socket_fd, struct proctor_error *err)
{
	int fds[SPAWN_FDS_MAX];
	struct spawn spawn = *setup->spawn;

	for (unsigned i = 0; i < SPAWN_FDS_MAX; i++)
		fds[i] = -1;
	fds[STDIN_FILENO] = spawn.fds[STDIN_FILENO];
	fds[STDOUT_FILENO] = pipes[0][1];
	fds[STDERR_FILENO] = pipes[1][1];
	fds[CRASH_PAGE_FD] = s->crash.fd;
	fds[FORK_SERVER_FD] = socket_fd;
	spawn.fds = fds;
	spawn.nfds = FORK_SERVER_FD + 1;
	spawn.envp = s->env.vars;
	spawn.workdir = NULL;
	spawn.leads = true;
	return spawn_start(&spawn, &s->process, err);
}

static int server_greet(const struct fork_server *s, const struct fork_setup *setup,
			const int pipes[2][2], struct proctor_error *err)
{
	struct fork_answer answer;
	int ret = answer_take(s, setup, -1, clock_us() + setup->timeout_us, 0, &answer, err);

	if (ret < 0)
		return ret;
	if (answer.word != FORK_SERVES)
		return error_set(err, -ENOTSUP, "%s",
				 fork_refusal_words((enum fork_refusal)answer.value));
	if (pipe_has_bytes(pipes[0][0]) || pipe_has_bytes(pipes[1][0]))
		return error_set(err, -ENOTSUP, "it writes something before main()");
	return 0;
}

static int server_socket(struct fork_server *s, int *other, struct proctor_error *err)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, errno, "there is no socket for it");
	s->fd = fd_high(fds[0]);
	*other = fd_high(fds[1]);
	if (s->fd >= 0 && *other >= 0)
		return 0;
	return error_sys(err, EMFILE, "there is no socket for it");
}

int fork_server_start(struct fork_server *s, const void *suite, const struct fork_setup *setup,
		      struct proctor_error *err)
{
	int pipes[2][2] = { { -1, -1 }, { -1, -1 } }, other = -1, ret;

	*s = (struct fork_server){ .suite = suite, .fd = -1, .temp_dirs = setup->temp_dirs };
	ret = temp_dirs_take(s->temp_dirs, &s->temp, err);
	if (ret < 0) {
		*s = (struct fork_server){ .fd = -1 };
		return ret;
	}
	ret = child_environment_copy(&s->env, setup->env);
	if (ret == 0)
		ret = child_environment_set(&s->env, "PROCTOR_HOST", "%0*d", FORK_HOST_DIGITS, 0);
	if (ret == 0)
		ret = temp_dir_tell_other(&s->env, setup->temp, s->temp);
	if (ret < 0)
		error_set(err, ret, "there is no memory for it");
	if (ret == 0)
		ret = crash_map_take(setup->crash_pool, &s->crash, err);
	if (ret == 0)
		ret = server_socket(s, &other, err);
	for (unsigned i = 0; ret == 0 && i < 2; i++)
		ret = pipe_high(pipes[i]);
	if (ret == 0)
		ret = server_spawn(s, setup, pipes, other, err);
	if (other >= 0)
		close(other);	/* its end is the server's alone: that of the server is its end */
	if (ret == 0)
		ret = server_greet(s, setup, pipes, err);
	for (unsigned i = 0; i < 4; i++)
		if (pipes[i / 2][i % 2] >= 0)
			close(pipes[i / 2][i % 2]);
	if (ret < 0)
		fork_server_end(s, setup->crash_pool);
	return ret;
}

void fork_server_end(struct fork_server *s, struct crash_pool *pool)
{
	if (!s->suite)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->process.pid > 0) {
		death_signal(s->process.pid, s->process.pidfd, SIGKILL);
		death_reap(s->process.pid, s->process.pidfd, DEATH_MS);
		close(s->process.pidfd);
	}
	/* Its children may have it still. */
	crash_map_give(pool, &s->crash, true);
	child_environment_fini(&s->env);
	temp_dirs_leave(s->temp_dirs, &s->temp);
	*s = (struct fork_server){ .fd = -1 };
}

/* ---- a test ---- */

static int request_send(struct fork_server *s, const struct start *start, const struct fork_setup *setup,
			struct proctor_error *err)
{
	union {
		char bytes[CMSG_SPACE(FORK_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct fork_request head = { .serial = s->serial, .leads = start->leads,
				     .parent = (uint32_t)setup->spawn->inherited->pid };
	int fds[FORK_FDS_MAX];
	char *bytes = malloc(FORK_REQUEST_BYTES);
	struct iovec iov = { bytes, 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes };
	struct cmsghdr *c;
	ssize_t n;

	for (unsigned i = STDOUT_FILENO; i < start->nfds && head.nfds < FORK_FDS_MAX; i++)
		if (start->fds[i] >= 0) {
			head.as[head.nfds] = i;
			fds[head.nfds++] = start->fds[i];
		}
	n = bytes ? fork_request_pack(bytes, &head, setup->spawn->argv, &s->env, setup->env, start->workdir)
		  : -ENOMEM;
	if (n < 0) {
		free(bytes);
		return error_sys(err, (int)-n, "its tests cannot be handed over");
	}
	iov.iov_len = (size_t)n;
	msg.msg_controllen = CMSG_SPACE(head.nfds * sizeof(int));
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(head.nfds * sizeof(int));
	memcpy(CMSG_DATA(c), fds, head.nfds * sizeof(int));
	n = sendmsg(s->fd, &msg, MSG_NOSIGNAL);
	free(bytes);
	return n < 0 ? error_sys(err, errno, "its tests cannot be handed over") : 0;
}

/* The number that it tells has to be a child's of this thread, and none that was there before. */
static bool is_new_child(const struct fork_server *s, pid_t pid)
{
	siginfo_t si;

	return pid != s->process.pid &&
	       waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT | __WNOTHREAD) == 0;
}

/* A process that was there only to lead the test's session. */
static int leader_reap(const struct fork_server *s, pid_t leader, struct proctor_error *err)
{
	if (!is_new_child(s, leader))
		return error_set(err, -EBADMSG, "the process it tells of is no new one");
	kill(leader, SIGKILL);
	while (waitpid(leader, NULL, 0) < 0 && errno == EINTR)
		continue;
	return 0;
}

/* What was heard of one request. */
struct asked {
	struct spawned child;		/* pid 0: not told yet */
	bool begins;
	int errnum;			/* why the child is not ready */
};

static int asked_take(const struct fork_server *s, const struct fork_answer *a, struct asked *asked,
		      struct proctor_error *err)
{
	switch ((enum fork_word)a->word) {
	case FORK_CREATED:
		if (asked->child.pid > 0 || !is_new_child(s, a->value))
			return error_set(err, -EBADMSG, "the process it tells of is no new one");
		if (a->group != a->value && leader_reap(s, a->group, err) < 0)
			return -EBADMSG;
		asked->child = (struct spawned){ .pid = a->value, .group = a->group,
						 .pidfd = death_fd(a->value) };
		return asked->child.pidfd < 0 ? error_sys(err, -asked->child.pidfd,
							  "its process cannot be watched") : 0;
	case FORK_BEGINS:
		asked->begins = true;
		return 0;
	case FORK_UNREADY:
		asked->errnum = a->value ? a->value : EIO;
		return 0;
	case FORK_FAILED:
		if (a->group > 0)
			leader_reap(s, a->group, NULL);
		return error_sys(err, a->value, "it cannot be forked");
	case FORK_SERVES:
	case FORK_REFUSES:
	case FORK_NWORDS:
		break;
	}
	return error_set(err, -EBADMSG, "what it says is no answer");
}

/* In the one that was made for it, not the server's; or, where main() runs already, in one that it has made
 * itself. */
static bool is_in_own_session(const struct spawned *child)
{
	pid_t session = getsid(child->pid);

	return session == child->group || session == child->pid;
}

/* Until its process is there and is about to begin with main(). */
static int asked_await(const struct fork_server *s, const struct fork_setup *setup, struct asked *asked,
		       struct proctor_error *err)
{
	uint64_t until_us = clock_us() + ASK_US;
	struct fork_answer answer = { 0 };
	int ret = 0;

	while (ret == 0 && (asked->child.pid == 0 || !(asked->begins || asked->errnum))) {
		ret = answer_take(s, setup, asked->child.pid > 0 ? asked->child.pidfd : -1, until_us,
				  s->serial, &answer, err);
		if (ret == 0)
			ret = asked_take(s, &answer, asked, err);
	}
	if (ret == 0 && asked->errnum)
		ret = error_sys(err, asked->errnum, "a process of it cannot be made ready");
	if (ret == 0 && !is_in_own_session(&asked->child))
		ret = error_set(err, -EBADMSG, "its process is not ready for a test");
	return ret;
}

int fork_server_ask(struct fork_server *s, const struct start *start, const struct fork_setup *setup,
		    struct spawned *child, struct proctor_error *err)
{
	struct asked asked = { .errnum = 0 };
	int ret;

	s->serial++;
	ret = request_send(s, start, setup, err);
	if (ret == 0)
		ret = asked_await(s, setup, &asked, err);
	if (ret < 0 && asked.child.pid > 0) {
		if (asked.child.pidfd >= 0)
			death_signal(asked.child.pid, asked.child.pidfd, SIGKILL);
		death_reap(asked.child.pid, asked.child.pidfd, DEATH_MS);
		if (asked.child.pidfd >= 0)
			close(asked.child.pidfd);
	}
	*child = asked.child;
	return ret;
}
