/* SPDX-License-Identifier: MIT */
#include "lib/audience.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct ear {
	unsigned nevents;
	int answer;
	const struct ear *before;	/* has heard the same event already */
};

static int hear(const struct proctor_event *event, void *data)
{
	struct ear *ear = data;

	assert_int_equal(event->kind, PROCTOR_NOTE);
	ear->nevents++;
	if (ear->before)
		assert_int_equal(ear->before->nevents, ear->nevents);
	return ear->answer;
}

static void each_reporter_gets_each_event_in_order(void **state)
{
	struct ear first = { .answer = -EIO }, second = { .before = &first };
	struct ear third = { .answer = -EPIPE, .before = &second };
	const struct proctor_reporter reporters[] = {
		{ hear, &first }, { hear, &second }, { hear, &third },
	};
	struct audience all = { reporters, 3 }, last = { reporters + 1, 2 };
	struct proctor_event event = { .kind = PROCTOR_NOTE };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(audience_event(&event, &all), -EIO);
	assert_int_equal(first.nevents, 3);
	assert_int_equal(third.nevents, 3);
	/* The first that failed is whose answer counts, wherever it stands. */
	second.before = NULL;
	assert_int_equal(audience_event(&event, &last), -EPIPE);
}

static void nobody_has_no_complaints(void **state)
{
	struct proctor_event event = { .kind = PROCTOR_NOTE };

	(void)state;
	assert_int_equal(audience_event(&event, &(struct audience){ NULL, 0 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reporter_gets_each_event_in_order),
		cmocka_unit_test(nobody_has_no_complaints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
