/* SPDX-License-Identifier: MIT */
#include "run/running.h"

#include "run_fixture.h"

static void only_what_runs_is_named(void **state)
{
	struct scene s;
	char words[128], *ages;

	(void)state;
	scene_open(&s, 1);
	running_list(&s.watch, words, sizeof(words));
	assert_string_equal(words, "");
	ages = running_ages(&s.watch);
	assert_string_equal(ages, "");
	free(ages);
	scene_runs(&s, 1, clock_us() - 2000000);
	running_list(&s.watch, words, sizeof(words));
	assert_string_equal(words, "b");
	ages = running_ages(&s.watch);
	assert_non_null(strstr(ages, "b has run for 2"));
	free(ages);
	s.watch.state = HOST_DRAINING;
	running_list(&s.watch, words, sizeof(words));
	assert_string_equal(words, "");
	scene_close(&s);
}

static void what_has_no_room_is_counted(void **state)
{
	struct scene s;
	struct watch others[2];
	char words[40];

	(void)state;
	scene_open(&s, 1);
	scene_runs(&s, 0, clock_us());
	others[0] = others[1] = s.watch;
	s.watch.next = &others[0];
	others[0].next = &others[1];
	running_list(&s.watch, words, sizeof(words));
	assert_string_equal(words, "a, a, a");
	running_list(&s.watch, words, 34);
	assert_string_equal(words, "a and 2 more");
	scene_close(&s);
}

static void the_exit_of_a_host_runs_like_a_test(void **state)
{
	struct scene s;
	char words[128];

	(void)state;
	scene_open(&s, 1);
	s.host.shared.work = (struct host_work){ .busy = true, .ending = true };
	scene_progress = (struct progress){ .phase = PROGRESS_ENDING };
	running_list(&s.watch, words, sizeof(words));
	assert_string_equal(words, "suite::(exit)");
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_runs_is_named),
		cmocka_unit_test(what_has_no_room_is_counted),
		cmocka_unit_test(the_exit_of_a_host_runs_like_a_test),
	};

	return cmocka_run_group_tests_name("running", tests, NULL, NULL);
}
