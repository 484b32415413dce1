/* SPDX-License-Identifier: MIT */
/* src/coverage/process_counts.h: what is believed of what a process left, and added to the sums. The test
 * writes into the counter area what a process would. */
#include "coverage/process_counts.h"

#include "fixture.h"

#include <signal.h>

#define NOBJECTS 2
#define NCOUNTERS 3

static struct object list[NOBJECTS];
static struct suite_objects by_suite[1] = { { .own = 0, .counts = true, .summed = true } };
static struct objects objects = { .list = list, .n = NOBJECTS, .by_suite = by_suite, .nsuites = 1 };
static struct suite suite = { .name = (char *)"alpha" };
static uint64_t in_memory[NOBJECTS][NCOUNTERS];	/* the counters of this process, for remote_read() */
static const struct collected what = {
	.objects = &objects, .llvm = true, .functions = true, .prefix = "/dir/", .preload = "/lib/p.so",
};
static struct functions functions;
static struct process_counts *p;

static int setup(void **state)
{
	struct proctor_error err;

	(void)state;
	for (size_t i = 0; i < NOBJECTS; i++) {
		list[i] = (struct object){ .counts = true, .summed = true, .file = { .dev = 1, .ino = i + 1 } };
		list[i].counters.address = (uint64_t)(uintptr_t)in_memory[i];
		list[i].counters.nbytes = sizeof(in_memory[i]);
	}
	memset(in_memory, 0, sizeof(in_memory));
	counter_area_lay_out(&objects);
	return process_counts_new(&p, &what, 7, NULL, &err);
}

static int teardown(void **state)
{
	(void)state;
	process_counts_free(p);
	for (size_t i = 0; i < NOBJECTS; i++)
		free(list[i].sum);
	functions_fini(&functions);
	return 0;
}

/* The process has loaded an object, and saved these counts of its own or of its children's. */
static void load(size_t object)
{
	atomic_store(&area_objects(p->area.shared)[object].bias, 1);
}

static void save(const uint64_t *image, uint64_t first)
{
	for (uint64_t i = 0; i < NCOUNTERS; i++)
		((uint64_t *)image)[i] = first + i;
}

static void check_sum(size_t object, uint64_t first)
{
	const uint64_t *sum = list[object].sum;

	assert_non_null(sum);
	for (uint64_t i = 0; sum && i < NCOUNTERS; i++)
		assert_int_equal(sum[i], first + i);
}

static int status_of(int sig)
{
	return sig;		/* as wait(2) tells a signal, and 0 an exit */
}

/* A copy counts where the process ended as it was about to when it copied. */
static void own_counts_after_the_endings_that_were_told(void **state)
{
	static const struct {
		uint64_t endings;
		int sig;
		bool counts;
	} rows[] = {
		{ 1, 0, true }, { 1, SIGKILL, true }, { 1ull << SIGSEGV, SIGSEGV, true },
		{ 1ull << SIGSEGV, SIGKILL, false }, { 1ull << SIGSEGV, 0, false },
		{ ~0ull, SIGABRT, true }, { 0, 0, false }, { 0, SIGKILL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		load(0);
		save(counter_area_image(&p->area, list[0].own_at), 5);
		atomic_store(&p->area.shared->own_endings, rows[i].endings);
		process_counts_end(p, status_of(rows[i].sig), &functions);
		assert_int_equal(p->own, rows[i].counts);
		assert_int_equal(p->counted[0], rows[i].counts);
		assert_true(p->loaded[0] && !p->loaded[1]);
		assert_int_equal(list[0].sum != NULL, rows[i].counts);
		if (rows[i].counts)
			check_sum(0, 5);
		assert_null(list[1].sum);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

static void children_are_added_and_those_that_left_nothing_are_missed(void **state)
{
	(void)state;
	load(0);
	load(1);
	save(counter_area_image(&p->area, list[1].forked_at), 10);
	atomic_store(&p->area.shared->nforked, 5);
	atomic_store(&p->area.shared->nsaved, 3);
	process_counts_end(p, status_of(SIGKILL), &functions);
	check_sum(1, 10);
	assert_int_equal(p->nforked_lost, 2);
	assert_false(p->counted[1]);
}

/* Read from outside, the latest; not where the process has saved its own. */
static void what_was_read_from_outside_stands_in(void **state)
{
	for (int own = 0; own < 2; own++) {
		load(0);
		save(in_memory[0], 1);
		process_counts_read(p, getpid());
		save(in_memory[0], 20);
		process_counts_read(p, getpid());
		save(in_memory[0], 1000);
		save(counter_area_image(&p->area, list[0].own_at), 30);
		atomic_store(&p->area.shared->own_endings, own ? 1ull << SIGTERM : 0);
		process_counts_end(p, status_of(SIGTERM), &functions);
		assert_true(p->counted[0]);
		check_sum(0, own ? 30 : 20);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

/* A process that is gone cannot be read again: what was read before is kept. */
static void what_cannot_be_read_again_is_kept(void **state)
{
	(void)state;
	load(0);
	save(in_memory[0], 4);
	process_counts_read(p, getpid());
	atomic_store(&area_objects(p->area.shared)[0].bias, 2 - (uint64_t)(uintptr_t)in_memory[0]);
	process_counts_read(p, getpid());
	process_counts_end(p, status_of(SIGKILL), &functions);
	check_sum(0, 4);
}

static void an_area_that_was_written_over_is_not_used(void **state)
{
	(void)state;
	load(0);
	save(counter_area_image(&p->area, list[0].own_at), 5);
	memset(p->area.shared, 0xff, p->area.nbytes);
	process_counts_end(p, 0, &functions);
	assert_non_null(strstr(p->problem, "wrote over"));
	assert_null(list[0].sum);
	assert_false(p->own);
	assert_null(p->loaded);
}

static void paths_are_taken_without_the_empty_ones(void **state)
{
	static const char bytes[] = "/lib/a\0\0\0/lib/b\0";
	struct area_paths *paths = &p->area.shared->opened;

	(void)state;
	memcpy(paths->bytes, bytes, sizeof(bytes) - 1);
	atomic_store(&paths->nbytes, sizeof(bytes) - 1);
	atomic_store(&p->area.shared->own_endings, 1ull << SIGSEGV);
	process_counts_end(p, status_of(SIGSEGV), &functions);
	assert_int_equal(p->opened.n, 2);
	assert_string_equal(p->opened.list[0], "/lib/a");
	assert_string_equal(p->opened.list[1], "/lib/b");
	assert_int_equal(p->opened_by_children.n, 0);
}

static void functions_that_are_owed_are_told(void **state)
{
	(void)state;
	atomic_store(&p->area.shared->functions_owing, 1);
	atomic_store(&p->area.shared->functions_owing_forked, 3);
	process_counts_end(p, 0, &functions);
	assert_true(p->functions_missing && !p->functions_lost);
	assert_int_equal(p->nforked_functions_missing, 3);
}

static void the_first_tests_are_remembered(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(process_counts_note_test(p, &suite, names[i]), 0);
	assert_int_equal(p->suites.n, 1);
	assert_int_equal(p->suites.list[0].ntests, 4);
	assert_string_equal(p->suites.list[0].names[2], "c");
}

static void names_tell_the_process(void **state)
{
	struct process_counts *program;
	struct proctor_error err;

	(void)state;
	assert_string_equal(p->profile, "/dir/7-other-%p-%m.profraw");
	assert_string_equal(p->area.shared->profiles, p->profile);
	assert_true(!p->functions_file && !p->library);
	list[0].program = list[0].dynamic = list[0].functions = true;
	assert_int_equal(process_counts_new(&program, &what, 8, &suite, &err), 0);
	assert_string_equal(program->profile, "/dir/8-program.profraw");
	assert_string_equal(program->functions_file, "/dir/8-functions");
	assert_string_equal(program->area.shared->profiles, "/dir/8-other-%p-%m.profraw");
	assert_string_equal(program->library, what.preload);
	process_counts_free(program);
	/* Nothing can be put into it: it has a name of its own, and no area. */
	list[0].dynamic = false;
	assert_int_equal(process_counts_new(&program, &what, 8, &suite, &err), 0);
	assert_true(!program->area.shared && !program->library);
	process_counts_free(program);
}

#define COUNTS_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COUNTS_TEST(own_counts_after_the_endings_that_were_told),
		COUNTS_TEST(children_are_added_and_those_that_left_nothing_are_missed),
		COUNTS_TEST(what_was_read_from_outside_stands_in),
		COUNTS_TEST(what_cannot_be_read_again_is_kept),
		COUNTS_TEST(an_area_that_was_written_over_is_not_used),
		COUNTS_TEST(paths_are_taken_without_the_empty_ones),
		COUNTS_TEST(functions_that_are_owed_are_told),
		COUNTS_TEST(the_first_tests_are_remembered),
		COUNTS_TEST(names_tell_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
