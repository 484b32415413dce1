/* SPDX-License-Identifier: MIT */
#include "run/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

void outcome_fini(struct outcome *o)
{
	free(o->message);
	free(o->backtrace);
	free(o->left);
	free(o->temp_dir);
}

bool post_reserve(struct post *post, unsigned noutcomes)
{
	struct outcome *outcomes;

	if (noutcomes <= post->cap_outcomes)
		return true;
	outcomes = reallocarray(post->outcomes, noutcomes, sizeof(*outcomes));
	if (!outcomes)
		return false;
	post->outcomes = outcomes;
	post->cap_outcomes = noutcomes;
	return true;
}

static struct post *post_new(unsigned worker)
{
	struct post *post = calloc(1, sizeof(*post));

	if (!post)
		return NULL;
	post->kind = POST_RESULTS;
	post->worker = worker;
	if (!post_reserve(post, TASK_TESTS_MAX + 1)) {
		free(post);
		return NULL;
	}
	return post;
}

int mailbox_open(struct mailbox *m, unsigned nworkers, struct proctor_error *err)
{
	*m = (struct mailbox){ .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	m->tail = &m->head;
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->returned, NULL);
	if (m->wake_fd < 0) {
		int errnum = errno;

		mailbox_close(m);
		return error_sys(err, errnum, "cannot make an eventfd");
	}
	for (unsigned i = 0; i < nworkers * POSTS_PER_WORKER; i++) {
		unsigned worker = i / POSTS_PER_WORKER;
		struct post *post = post_new(worker);

		if (!post) {
			mailbox_close(m);
			return error_set(err, -ENOMEM, "no memory for the workers' posts");
		}
		m->all[m->nall++] = post;
		post->next = m->unused[worker];
		m->unused[worker] = post;
	}
	return 0;
}

void mailbox_close(struct mailbox *m)
{
	for (unsigned i = 0; i < m->nall; i++) {
		free(m->all[i]->outcomes);
		free(m->all[i]);
	}
	m->nall = 0;
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	m->wake_fd = -1;
	pthread_cond_destroy(&m->returned);
	pthread_mutex_destroy(&m->lock);
}

/* If even this fails the supervisor's next tick looks into the box. */
static void mailbox_ring(struct mailbox *m)
{
	while (eventfd_write(m->wake_fd, 1) < 0 && errno == EINTR)
		continue;
}

void mailbox_wake(struct mailbox *m)
{
	bool quiet;

	pthread_mutex_lock(&m->lock);
	quiet = m->quiet;
	m->quiet = false;
	pthread_mutex_unlock(&m->lock);
	if (quiet)
		mailbox_ring(m);
}

struct post *mailbox_results(struct mailbox *m, unsigned worker)
{
	struct post *post;

	pthread_mutex_lock(&m->lock);
	while (!m->unused[worker]) {
		/* They come back from the supervisor, which may not know yet. */
		if (m->quiet)
			mailbox_ring(m);
		m->quiet = false;
		pthread_cond_wait(&m->returned, &m->lock);
	}
	post = m->unused[worker];
	m->unused[worker] = post->next;
	pthread_mutex_unlock(&m->lock);
	post->next = NULL;
	post->watch = NULL;
	post->noutcomes = 0;
	return post;
}

/* Puts the post into the box; true if the supervisor has to be woken for what is in there. */
static bool mailbox_add(struct mailbox *m, struct post *post, bool quiet)
{
	bool unheard;

	post->next = NULL;
	pthread_mutex_lock(&m->lock);
	unheard = m->head == NULL || m->quiet;
	*m->tail = post;
	m->tail = &post->next;
	m->quiet = quiet && unheard;
	pthread_mutex_unlock(&m->lock);
	return unheard && !quiet;
}

void mailbox_post(struct mailbox *m, struct post *post)
{
	if (mailbox_add(m, post, false))
		mailbox_ring(m);
}

void mailbox_post_quietly(struct mailbox *m, struct post *post)
{
	mailbox_add(m, post, true);
}

struct post *mailbox_take(struct mailbox *m)
{
	struct post *post;

	pthread_mutex_lock(&m->lock);
	post = m->head;
	m->head = NULL;
	m->tail = &m->head;
	m->quiet = false;
	pthread_mutex_unlock(&m->lock);
	return post;
}

void mailbox_return(struct mailbox *m, struct post *post)
{
	pthread_mutex_lock(&m->lock);
	post->next = m->unused[post->worker];
	m->unused[post->worker] = post;
	pthread_cond_broadcast(&m->returned);
	pthread_mutex_unlock(&m->lock);
}
