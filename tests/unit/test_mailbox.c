/* SPDX-License-Identifier: MIT */
#include "run/mailbox.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#define NWORKERS 4
#define NPOSTS 20000

static bool woken(const struct mailbox *m)
{
	struct pollfd p = { .fd = m->wake_fd, .events = POLLIN };
	eventfd_t value;

	if (poll(&p, 1, 0) != 1)
		return false;
	eventfd_read(m->wake_fd, &value);
	return true;
}

static void the_first_post_wakes_and_all_come_in_order(void **state)
{
	struct post posts[3] = { { .kind = POST_STARTED }, { .kind = POST_KILL },
				 { .kind = POST_RELEASED } };
	struct mailbox m;
	struct post *got;

	(void)state;
	assert_int_equal(mailbox_open(&m, 1, NULL), 0);
	assert_false(woken(&m));
	for (int i = 0; i < 3; i++) {
		mailbox_post(&m, &posts[i]);
		assert_int_equal(woken(&m), i == 0);
	}
	got = mailbox_take(&m);
	for (int i = 0; i < 3; i++, got = got->next)
		assert_ptr_equal(got, &posts[i]);
	assert_null(got);
	assert_null(mailbox_take(&m));
	mailbox_post(&m, &posts[0]);
	assert_true(woken(&m));
	mailbox_close(&m);
}

static void a_quiet_post_wakes_with_the_next_or_when_asked(void **state)
{
	struct post posts[4] = { 0 };
	struct mailbox m;

	(void)state;
	assert_int_equal(mailbox_open(&m, 1, NULL), 0);
	mailbox_wake(&m);
	assert_false(woken(&m));
	mailbox_post_quietly(&m, &posts[0]);
	mailbox_post_quietly(&m, &posts[1]);
	assert_false(woken(&m));
	mailbox_post(&m, &posts[2]);
	assert_true(woken(&m));
	/* The supervisor knows that there is something: nobody need say it again. */
	mailbox_post_quietly(&m, &posts[3]);
	mailbox_wake(&m);
	assert_false(woken(&m));
	assert_ptr_equal(mailbox_take(&m), &posts[0]);

	mailbox_post_quietly(&m, &posts[0]);
	mailbox_wake(&m);
	assert_true(woken(&m));
	mailbox_wake(&m);
	assert_false(woken(&m));
	assert_ptr_equal(mailbox_take(&m), &posts[0]);

	/* Taken before it was told: there is nothing left to tell. */
	mailbox_post_quietly(&m, &posts[0]);
	assert_ptr_equal(mailbox_take(&m), &posts[0]);
	mailbox_wake(&m);
	assert_false(woken(&m));
	mailbox_close(&m);
}

struct sender {
	struct mailbox *m;
	unsigned worker;
	pthread_t thread;
};

static void *sender_main(void *data)
{
	struct sender *s = data;

	for (unsigned i = 0; i < NPOSTS; i++) {
		struct post *post = mailbox_results(s->m, s->worker);

		post->noutcomes = 1;
		post->outcomes[0].item = i;
		if (i % 3)
			mailbox_post_quietly(s->m, post);
		else
			mailbox_post(s->m, post);
	}
	mailbox_wake(s->m);
	return NULL;
}

/* Each worker has a few posts only: it waits for one to come back, and none is lost. */
static void a_worker_waits_for_its_posts_to_come_back(void **state)
{
	struct sender senders[NWORKERS];
	unsigned next[NWORKERS] = { 0 };
	struct mailbox m;

	(void)state;
	assert_int_equal(mailbox_open(&m, NWORKERS, NULL), 0);
	for (unsigned i = 0; i < NWORKERS; i++) {
		senders[i] = (struct sender){ .m = &m, .worker = i };
		assert_int_equal(pthread_create(&senders[i].thread, NULL, sender_main, &senders[i]), 0);
	}
	for (unsigned n = 0; n < NWORKERS * NPOSTS;) {
		struct pollfd p = { .fd = m.wake_fd, .events = POLLIN };
		struct post *post;

		assert_int_equal(poll(&p, 1, 10000), 1);
		woken(&m);
		post = mailbox_take(&m);
		while (post) {
			struct post *after = post->next;

			assert_int_equal(post->outcomes[0].item, next[post->worker]++);
			mailbox_return(&m, post);
			post = after;
			n++;
		}
	}
	for (unsigned i = 0; i < NWORKERS; i++)
		pthread_join(senders[i].thread, NULL);
	mailbox_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_post_wakes_and_all_come_in_order),
		cmocka_unit_test(a_quiet_post_wakes_with_the_next_or_when_asked),
		cmocka_unit_test(a_worker_waits_for_its_posts_to_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
