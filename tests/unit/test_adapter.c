/* SPDX-License-Identifier: MIT */
#include "adapter/adapter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_adapter_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ADAPTERS_COUNT; i++) {
		const struct adapter *found = NULL;

		assert_int_equal(adapter_find(adapters[i]->name, &found, NULL), 0);
		assert_ptr_equal(found, adapters[i]);
	}
}

static void an_unknown_name_is_told_which_there_are(void **state)
{
	const struct adapter *found = NULL;
	struct proctor_error err;

	(void)state;
	assert_int_equal(adapter_find("gtset", &found, &err), -EINVAL);
	assert_null(found);
	assert_non_null(strstr(err.text, "there is no framework \"gtset\"; known are "));
	for (size_t i = 0; i < ADAPTERS_COUNT; i++)
		assert_non_null(strstr(err.text, adapters[i]->name));
}

/* What the run relies on when it calls through the table. */
static void every_adapter_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < ADAPTERS_COUNT; i++) {
		const struct adapter *a = adapters[i];

		assert_non_null(a->known_by);
		assert_true(a->version.section || !a->version.behind);
		if (a->in_host) {
			assert_null(a->version.section);
			assert_non_null(a->lister);
			assert_false(a->single);
			assert_null(a->run_command);
			assert_null(a->parser);
		} else {
			assert_null(a->lister);
			assert_non_null(a->run_command);
			assert_true(a->single == !(a->list_command || a->list_file));
			assert_true(!a->list_command || !a->list_file);
			assert_true(!a->list_command == !a->list_parse);
		}
	}
}

static void any_program_is_somebodys(void **state)
{
	const struct file_view nothing = { .path = "x", .head = "" };

	(void)state;
	assert_ptr_equal(adapter_of_program(&nothing), &adapter_exe);
}

static void a_program_is_called_by_its_path_alone(void **state)
{
	const struct program_request request = { .path = "/bin/true", .ntests = 1 };
	struct command_line line = { 0 };

	(void)state;
	assert_int_equal(adapter_exe.run_command(&request, &line, NULL), 0);
	assert_int_equal(line.words.n, 0);
	assert_int_equal(line.vars.n, 0);
	command_line_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_adapter_is_found_by_its_name),
		cmocka_unit_test(an_unknown_name_is_told_which_there_are),
		cmocka_unit_test(every_adapter_is_complete),
		cmocka_unit_test(any_program_is_somebodys),
		cmocka_unit_test(a_program_is_called_by_its_path_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
