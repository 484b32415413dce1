/* SPDX-License-Identifier: MIT */
/* Memory that runs out while suites are read says nothing of the suites: -ENOMEM, never "damaged". */
#include "fixture.h"

#include <limits.h>

#include "plan/model.h"

#include "../common/malloc_fails.h"

/* Allocations fail_from to fail_upto fail, counted from 1 while `counting`. */
static unsigned long nallocated, fail_from, fail_upto;
static bool counting;

static bool fails(void)
{
	if (!counting || ++nallocated < fail_from || nallocated > fail_upto)
		return false;
	errno = ENOMEM;
	return true;
}

/* Reads the files of the fixture; true if nothing failed. */
static bool read_suites(unsigned long from, unsigned long upto)
{
	struct proctor_plan *plan = proctor_plan_new();
	struct proctor_error err = { 0 };
	bool whole;
	int ret;

	nallocated = 0;
	fail_from = from;
	fail_upto = upto;
	counting = true;
	ret = proctor_plan_add_path(plan, ".", "prog*", &err);
	counting = false;
	whole = nallocated < from;
	if (ret < 0 && ret != -ENOMEM)
		fail_msg("allocation %lu: %s", from, err.text);
	for (size_t i = 0; ret == 0 && i < plan->nsuites; i++)
		if (plan->suites[i]->error)
			fail_msg("allocation %lu: %s", from, plan->suites[i]->error);
	if (ret == 0)
		assert_int_equal(plan->nsuites, 3);
	proctor_plan_free(plan);
	return whole;
}

static void memory_that_runs_out_is_no_damage(void **state)
{
	unsigned long n = 0;

	(void)state;
	fixture_library("libtml.so", "int tml_test_0(void) { return 0; }\n");
	fixture_library("libentries.so",
			"struct entry { unsigned abi, size, timeout_ms, expect_fail, line, reserved;\n"
			"	void (*run)(void); const void **calls; };\n"
			"static void run(void) {}\n"
			"struct entry proctor_entry__a = {1, 40, 1500, 0, 30, 0, run, 0};\n"
			"const char proctor_label__a[] = \"a\\0a.c\";\n");
	fixture_compile("prog", "-rdynamic", "int main(void) { return 0; }\n");
	do
		n++;
	while (!read_suites(n, n));
	assert_true(n > 30);
	for (n = 1; !read_suites(n, ULONG_MAX); n++)
		continue;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_runs_out_is_no_damage),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
