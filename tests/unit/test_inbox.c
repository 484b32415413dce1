/* SPDX-License-Identifier: MIT */
#include "run/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NPOSTS 4

static void posts_are_dealt_with_in_order_but_for_hosts_just_started(void **state)
{
	struct post posts[NPOSTS] = { { .kind = POST_KILL }, { .kind = POST_STARTED },
				      { .kind = POST_RELEASED }, { .kind = POST_STARTED } };
	struct proctor_error err;
	struct mailbox m;
	struct inbox in = { 0 };

	(void)state;
	assert_int_equal(mailbox_open(&m, 1, &err), 0);
	assert_null(inbox_next(&in));
	mailbox_post(&m, &posts[0]);
	mailbox_post(&m, &posts[1]);
	inbox_fetch(&in, &m);
	mailbox_post(&m, &posts[2]);
	mailbox_post(&m, &posts[3]);
	inbox_fetch(&in, &m);
	assert_ptr_equal(inbox_next_started(&in), &posts[1]);
	assert_ptr_equal(inbox_next_started(&in), &posts[3]);
	assert_null(inbox_next_started(&in));
	assert_ptr_equal(inbox_next(&in), &posts[0]);
	assert_ptr_equal(inbox_next(&in), &posts[2]);
	assert_null(inbox_next(&in));
	mailbox_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_are_dealt_with_in_order_but_for_hosts_just_started),
	};

	return cmocka_run_group_tests_name("inbox", tests, NULL, NULL);
}
