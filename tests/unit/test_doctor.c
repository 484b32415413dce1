/* SPDX-License-Identifier: MIT */
/* src/lib/doctor.h and facts.h. */
#include "lib/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *fact_text(const struct facts *facts, const char *name)
{
	for (size_t i = 0; i < facts->n; i++)
		if (strcmp(facts->list[i].name, name) == 0)
			return facts->list[i].text;
	return NULL;
}

static void facts_stay_in_order(void **state)
{
	struct facts facts = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		facts_add(&facts, i % 2 ? "odd" : "even", "%d", i);
	assert_int_equal(facts.n, 100);
	assert_string_equal(facts.list[0].text, "0");
	assert_string_equal(facts.list[99].name, "odd");
	assert_string_equal(facts.list[99].text, "99");
	assert_false(facts.incomplete);
	facts_fini(&facts);
	assert_int_equal(facts.n, 0);
}

/* A host that is not there is all that is wrong on a machine where these tests run. */
static void without_a_host_there_is_no_run_and_all_else_is_told(void **state)
{
	struct facts facts = { 0 };

	(void)state;
	assert_false(doctor_examine(&facts, PROCTOR_LOOP_EPOLL, "/nonexistent/proctor-host"));
	assert_string_equal(fact_text(&facts, "proctor"), PROCTOR_VERSION);
	assert_non_null(strstr(fact_text(&facts, "loop"), "epoll"));
	assert_non_null(strstr(fact_text(&facts, "proctor-host"), "none: "));
	assert_non_null(strstr(fact_text(&facts, "cores"), "usable"));
	assert_non_null(fact_text(&facts, "open files"));
	assert_non_null(fact_text(&facts, "memory limit"));
	assert_null(fact_text(&facts, "guard"));
	facts_fini(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_stay_in_order),
		cmocka_unit_test(without_a_host_there_is_no_run_and_all_else_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
