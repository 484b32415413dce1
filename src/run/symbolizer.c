/* SPDX-License-Identifier: MIT */
#include "run/symbolizer.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/crash_words.h"
#include "base/death.h"
#include "base/duration_words.h"
#include "wire/symbols.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_US 10000000u
/* How long a backtrace may still take once the run is to stop, and how often we look for that. */
#define HURRIED_US 1000000u
#define LOOK_US 100000u
/* How long to wait for the end of a symbolizer that was killed. */
#define DEATH_MS 1000

#if defined(__x86_64__)
#define NREGS 17
#elif defined(__aarch64__)
#define NREGS 33
#endif

void symbolizers_init(struct symbolizers *s)
{
	if (s->max == 0 || s->max > SYMBOLIZERS_MAX)
		s->max = SYMBOLIZERS_MAX;
	if (s->timeout_us == 0)
		s->timeout_us = DEFAULT_TIMEOUT_US;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->idle, NULL);
}

static int symbolizer_start(struct symbolizers *s, struct symbolizer *h, struct proctor_error *err)
{
	char *argv[] = { "proctor-symbolizer", "serve", NULL };
	struct spawned child;
	int fds[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, errno, "cannot make a socket to %s", s->path);
	fds[1] = fd_high(fds[1]);
	if (fds[1] < 0) {
		close(fds[0]);
		return error_sys(err, -fds[1], "cannot keep the socket to %s", s->path);
	}
	/* No parent-death signal: it would come when this worker's thread ends, and other workers
	 * use the process, too. If proctor dies, the socket ends, and the guard kills it. */
	const int child_fds[] = { fds[1], s->inherited->null_fd, s->inherited->null_fd };
	struct spawn spawn = {
		.path = s->path, .argv = argv, .envp = s->envp, .inherited = s->inherited,
		.leads = true, .oom_first = true,
		.fds = child_fds, .nfds = ARRAY_SIZE(child_fds),
	};
	ret = spawn_start(&spawn, &child, err);
	close(fds[1]);
	if (ret < 0) {
		close(fds[0]);
		return ret;
	}
	h->pid = child.pid;
	h->pidfd = child.pidfd;
	h->fd = fds[0];
	if (s->guard)
		guard_add(*s->guard, h->pid);
	return 0;
}

/* Kills it if it lives. Returns how it ended, as wait(2) does; -1: somebody else has reaped it as
 * an orphan, or it does not die. */
static int symbolizer_end(struct symbolizers *s, struct symbolizer *h)
{
	int status;

	/* Without its socket the process ends by itself, should the signal not reach it. */
	close(h->fd);
	/* When the thread that started it ends, the process becomes a child of the first thread, as
	 * orphans are, and may be reaped as one: then its number may be another process's, and only
	 * the pidfd still tells. */
	death_signal(h->pid, h->pidfd, SIGKILL);
	if (s->guard)
		guard_remove(*s->guard, h->pid);
	status = death_reap(h->pid, h->pidfd, DEATH_MS);
	close(h->pidfd);
	h->pid = 0;
	return status;
}

void symbolizers_fini(struct symbolizers *s)
{
	for (unsigned i = 0; i < s->max; i++)
		if (s->all[i].pid > 0)
			symbolizer_end(s, &s->all[i]);
	pthread_cond_destroy(&s->idle);
	pthread_mutex_destroy(&s->lock);
}

/* One that nobody uses, preferably one that runs already; NULL: all are busy. */
static struct symbolizer *symbolizer_idle(struct symbolizers *s)
{
	struct symbolizer *idle = NULL;

	for (unsigned i = 0; i < s->max; i++)
		if (!s->all[i].busy && (!idle || (idle->pid == 0 && s->all[i].pid > 0)))
			idle = &s->all[i];
	return idle;
}

/* Has it ended? While nothing is asked it sends nothing: if the socket can be read, it is the
 * end. */
static bool symbolizer_gone(const struct symbolizer *h)
{
	struct pollfd fd = { .fd = h->fd, .events = POLLIN };

	return poll(&fd, 1, 0) != 0;
}

static void symbolizer_give_back(struct symbolizers *s, struct symbolizer *h)
{
	pthread_mutex_lock(&s->lock);
	h->busy = false;
	pthread_cond_signal(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

/* One question to a symbolizer, and its answer. */
struct talk {
	struct symbolizers *symbolizers;
	struct symbolizer *h;		/* NULL: none is free yet */
	uint64_t until_us;
	bool hurried;			/* the run is to stop: `until_us` was brought forward */
};

/* How long to wait at most before calling this again: not long, as the run may be to stop, and then
 * the question's time is cut short. 0: its time is over. */
static uint64_t talk_pause_us(struct talk *t)
{
	const _Atomic bool *stopping = t->symbolizers->stopping;
	uint64_t now_us = clock_us();

	if (!t->hurried && stopping && *stopping) {
		t->hurried = true;
		if (t->until_us > now_us + HURRIED_US)
			t->until_us = now_us + HURRIED_US;
	}
	if (now_us >= t->until_us)
		return 0;
	return t->until_us - now_us < LOOK_US ? t->until_us - now_us : LOOK_US;
}

/* Waits for a symbolizer that nobody uses, and takes it. */
static int talk_await_idle(struct talk *t, struct proctor_error *err)
{
	struct symbolizers *s = t->symbolizers;
	uint64_t us = 1;

	pthread_mutex_lock(&s->lock);
	while (!(t->h = symbolizer_idle(s)) && (us = talk_pause_us(t)) > 0) {
		uint64_t until_us = clock_us() + us;
		struct timespec until = { .tv_sec = (time_t)(until_us / 1000000),
					  .tv_nsec = (long)(until_us % 1000000) * 1000 };

		pthread_cond_clockwait(&s->idle, &s->lock, CLOCK_MONOTONIC, &until);
	}
	if (t->h)
		t->h->busy = true;
	pthread_mutex_unlock(&s->lock);
	return t->h ? 0 : error_set(err, -ETIMEDOUT, "each proctor-symbolizer was busy until the run "
				    "stopped");
}

/* Takes a symbolizer for this thread alone; starts it if it does not run. */
static int talk_begin(struct talk *t, struct proctor_error *err)
{
	struct symbolizers *s = t->symbolizers;
	int ret = talk_await_idle(t, err);

	if (ret < 0)
		return ret;
	if (t->h->pid > 0 && symbolizer_gone(t->h))
		symbolizer_end(s, t->h);
	if (t->h->pid == 0)
		ret = symbolizer_start(s, t->h, err);
	if (ret < 0)
		symbolizer_give_back(s, t->h);
	if (!t->hurried)
		t->until_us = clock_us() + s->timeout_us;
	return ret;
}

/* Waits a while for one of `events` at the socket. -ETIMEDOUT: the question's time is over. */
static int talk_wait(struct talk *t, short events)
{
	struct pollfd fd = { .fd = t->h->fd, .events = events };
	uint64_t us = talk_pause_us(t);

	if (us == 0)
		return -ETIMEDOUT;
	if (poll(&fd, 1, (int)(us / 1000) + 1) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int talk_send(struct talk *t, const char *bytes, size_t nbytes)
{
	while (nbytes > 0) {
		ssize_t n = send(t->h->fd, bytes, nbytes, MSG_DONTWAIT | MSG_NOSIGNAL);
		int ret;

		if (n >= 0) {
			bytes += n;
			nbytes -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = talk_wait(t, POLLOUT);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* -EPIPE: it has ended. */
static int talk_receive(struct talk *t, void *to, size_t nbytes)
{
	for (size_t nread = 0; nread < nbytes;) {
		ssize_t n = recv(t->h->fd, (char *)to + nread, nbytes - nread, MSG_DONTWAIT);
		int ret;

		if (n > 0) {
			nread += (size_t)n;
			continue;
		}
		if (n == 0)
			return -EPIPE;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = talk_wait(t, POLLIN);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Reads and checks the answer. On success, and only then, `*text` is on the heap: the frames or, if
 * the answer's code is negative, a sentence that says why there are none. */
static int talk_hear(struct talk *t, struct symbols_answer *head, char **text)
{
	int ret = talk_receive(t, head, sizeof(*head));

	if (ret < 0)
		return ret;
	if (!symbols_answer_holds(head))
		return -EBADMSG;
	*text = malloc((size_t)head->ntext + 1);
	if (!*text)
		return -ENOMEM;
	ret = talk_receive(t, *text, head->ntext);
	(*text)[ret < 0 ? 0 : head->ntext] = '\0';
	if (ret == 0 && head->code == 0 && !symbols_text_holds(*text, head->ntext))
		ret = -EBADMSG;
	if (ret < 0) {
		free(*text);
		*text = NULL;
	}
	return ret;
}

/* Ends a symbolizer with which a question failed, and says how it failed. */
static int symbolizer_failed(struct symbolizers *s, struct symbolizer *h, int ret,
			     struct proctor_error *err)
{
	char words[WORDS_BYTES];
	int status;

	/* The socket of a dying process is closed before the process is dead. Wait for its end, so
	 * that its own status is told and not that of our SIGKILL. */
	if (ret == -EPIPE || ret == -ECONNRESET) {
		struct pollfd ended = { .fd = h->pidfd, .events = POLLIN };

		poll(&ended, 1, 1000);
		status = symbolizer_end(s, h);
		if (status == -1)
			return error_set(err, -EIO, "proctor-symbolizer ended before it answered");
		if (WIFEXITED(status) && WEXITSTATUS(status) == SYMBOLS_EXIT_NO_MEMORY)
			return error_set(err, -ENOMEM, "proctor-symbolizer found no memory for it");
		return error_set(err, -EIO, "proctor-symbolizer %s before it answered",
				 status_words(status, words, sizeof(words)));
	}
	symbolizer_end(s, h);
	if (ret == -ETIMEDOUT && s->stopping && *s->stopping)
		return error_set(err, ret, "proctor-symbolizer did not answer before the run stopped");
	if (ret == -ETIMEDOUT)
		return error_set(err, ret, "proctor-symbolizer did not answer within %s",
				 duration_words(s->timeout_us, words, sizeof(words)));
	if (ret == -EBADMSG)
		return error_set(err, ret, "proctor-symbolizer answered what is no backtrace");
	return error_sys(err, -ret, "cannot talk to proctor-symbolizer");
}

static int talk_ask(struct talk *t, const void *request, size_t nrequest, char **text,
		    struct proctor_error *err)
{
	struct symbolizers *s = t->symbolizers;
	struct symbols_answer head = { 0 };
	int ret = talk_send(t, request, nrequest);

	if (ret == 0)
		ret = talk_hear(t, &head, text);
	if (ret < 0)
		return symbolizer_failed(s, t->h, ret, err);
	s->nfiles += head.nfiles;
	if (head.last)
		symbolizer_end(s, t->h);
	if (head.code == 0)
		return 0;
	ret = error_set(err, head.code, "proctor-symbolizer: %s", *text);
	free(*text);
	*text = NULL;
	return ret;
}

int crash_symbolize(struct symbolizers *s, const struct crash *crash,
		    const struct module_list *list, char **text, struct proctor_error *err)
{
	struct talk talk = { .symbolizers = s, .until_us = CLOCK_NEVER };
	size_t nrequest;
	void *request;
	int ret;

	*text = NULL;
	if (crash->state != CRASH_WRITTEN || crash->nregs != NREGS)
		return error_set(err, -ENODATA, "the crash record has no registers");
	request = symbols_request_pack(crash, list, &nrequest);
	if (!request)
		return error_sys(err, ENOMEM, "cannot unwind a crash");
	ret = talk_begin(&talk, err);
	if (ret == 0) {
		ret = talk_ask(&talk, request, nrequest, text, err);
		symbolizer_give_back(s, talk.h);
	}
	free(request);
	return ret;
}
