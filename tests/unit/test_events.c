/* SPDX-License-Identifier: MIT */
#include "report_fixture.h"

#include <errno.h>
#include <jansson.h>

#include "report/events.h"

static const char *string_of(json_t *o, const char *key)
{
	json_t *value = json_object_get(o, key);

	if (!json_is_string(value))
		fail_msg("%s is no string", key);
	return json_string_value(value);
}

static json_int_t number_of(json_t *o, const char *key)
{
	json_t *value = json_object_get(o, key);

	if (!json_is_integer(value))
		fail_msg("%s is no number", key);
	return json_integer_value(value);
}

static void open_events(struct reporter **r, char path[32])
{
	struct proctor_error err;

	close(report_file(path));
	assert_int_equal(events_open(r, path, &err), 0);
}

static json_t *next_line(char **text)
{
	char *line = strsep(text, "\n");
	json_error_t why;
	json_t *o = line ? json_loads(line, JSON_ALLOW_NUL, &why) : NULL;

	if (!o)
		fail_msg("no object: %s", line ? line : "the end");
	return o;
}

static void a_run_is_a_line_for_each_event(void **state)
{
	static const char *const names[] = { "run-start", "test-start", "test-start", "test-end",
					     "test-end", "run-end" };
	struct proctor_error err;
	struct reporter *r;
	char path[32], *text, *rest;
	json_t *o = NULL;

	(void)state;
	open_events(&r, path);
	feed_run(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	rest = text = report_read(path);
	for (size_t i = 0; i < 6; i++) {
		json_decref(o);
		o = next_line(&rest);
		assert_string_equal(string_of(o, "event"), names[i]);
		assert_true(number_of(o, "time_us") >= 999999);
		if (i == 0)
			assert_int_equal(number_of(o, "tests"), 2);
	}
	assert_int_equal(number_of(json_object_get(o, "counts"), "crash"), 1);
	assert_int_equal(number_of(json_object_get(o, "counts"), "not-run"), 0);
	assert_int_equal(number_of(o, "exit_code"), 1);
	json_decref(o);
	assert_string_equal(rest, "");
	free(text);
}

static void foreign_bytes_come_as_base64_too(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	char path[32], *text, *rest;
	json_t *o;

	(void)state;
	open_events(&r, path);
	feed(r, test_event(PROCTOR_TEST_END, 7, &crash_test, &crash_result));
	assert_int_equal(r->ops->close(r, &err), 0);
	rest = text = report_read(path);
	o = next_line(&rest);
	assert_string_equal(string_of(o, "id"), "alpha::tml_test_1");
	assert_string_equal(string_of(o, "verdict"), "crash");
	assert_int_equal(number_of(o, "core"), -1);
	assert_int_equal(number_of(o, "signal"), 11);
	assert_null(json_object_get(o, "exit_code"));
	assert_int_equal(json_string_length(json_object_get(o, "stdout")), 11);
	assert_memory_equal(string_of(o, "stdout"), "a\033[2J\xef\xbf\xbd\0z\n", 11);
	assert_string_equal(string_of(o, "stdout_base64"), "YRtbMkr/AHoK");
	assert_null(json_object_get(o, "stdout_head"));
	assert_int_equal(number_of(o, "stderr_bytes"), 1072693261);
	assert_int_equal(number_of(o, "stderr_head"), 5);
	assert_null(json_object_get(o, "stderr_base64"));
	json_decref(o);
	free(text);
}

/* What two tests are called that only such a byte tells apart, and what they say. */
static void names_and_messages_are_exact(void **state)
{
	struct proctor_test test = crash_test;
	struct proctor_result result = crash_result;
	struct proctor_error err;
	struct reporter *r;
	char path[32], *text, *rest;
	json_t *o;

	(void)state;
	test.id = test.suite = "t_\xff";
	result.message = "no \xfe";
	open_events(&r, path);
	feed(r, test_event(PROCTOR_TEST_START, 7, &test, &result));
	feed(r, test_event(PROCTOR_TEST_END, 7, &test, &result));
	assert_int_equal(r->ops->close(r, &err), 0);
	rest = text = report_read(path);
	for (int i = 0; i < 2; i++) {
		o = next_line(&rest);
		assert_string_equal(string_of(o, "id"), "t_\xef\xbf\xbd");
		assert_string_equal(string_of(o, "id_base64"), "dF//");
		assert_string_equal(string_of(o, "suite_base64"), "dF//");
		assert_null(json_object_get(o, "name_base64"));
		if (i == 1)
			assert_string_equal(string_of(o, "message_base64"), "bm8g/g==");
		json_decref(o);
	}
	free(text);
}

static void what_hosts_write_at_exit_is_whole(void **state)
{
	const struct proctor_exit_output outputs[] = {
		{ .suite = "alpha", .err = "leaks:\n 3\n", .nerr = 10, .err_head = 10, .err_bytes = 10 },
		{ .out = "a\xff", .nout = 2, .out_head = 2, .out_bytes = 2 },
	};
	const struct proctor_event event = { .kind = PROCTOR_NOTE, .text = "alpha wrote",
					     .exit_outputs = outputs, .nexit_outputs = 2 };
	struct proctor_error err;
	struct reporter *r;
	char path[32], *text;

	(void)state;
	open_events(&r, path);
	assert_int_equal(r->ops->event(r, &event, &err), 0);
	assert_int_equal(r->ops->close(r, &err), 0);
	text = report_read(path);
	assert_string_equal(text, "{\"event\":\"note\",\"time_us\":0,\"text\":\"alpha wrote\","
		"\"exit_output\":[{\"suite\":\"alpha\",\"stderr\":\"leaks:\\n 3\\n\",\"stderr_bytes\":10},"
		"{\"stdout\":\"a\xef\xbf\xbd\",\"stdout_base64\":\"Yf8=\",\"stdout_bytes\":2}]}\n");
	free(text);
}

static void what_was_found_out_about_a_failure_is_told(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	char path[32], *text, *rest;
	json_t *o;

	(void)state;
	open_events(&r, path);
	feed_confirmed_run(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	rest = text = report_read(path);
	for (int i = 0; i < 3; i++)
		json_decref(next_line(&rest));
	o = next_line(&rest);
	assert_string_equal(string_of(o, "event"), "test-confirmed");
	assert_string_equal(string_of(o, "id"), "alpha::tml_test_1");
	assert_string_equal(string_of(o, "finding"), "fails-after");
	assert_string_equal(string_of(o, "verdict"), "crash");
	assert_string_equal(string_of(o, "alone"), "pass");
	assert_int_equal(number_of(o, "before"), 12);
	assert_int_equal(number_of(o, "runs"), 14);
	assert_string_equal(string_of(json_array_get(json_object_get(o, "after"), 0), "id"), "beta::tml_test_0");
	assert_string_equal(string_of(o, "command"), "proctor run x.so --sequence='a b'");
	json_decref(o);
	free(text);
}

static void what_is_known_is_written_before_the_end(void **state)
{
	struct proctor_event waits = run_start();
	struct proctor_error err;
	struct reporter *r;
	char path[32], first;
	int fd;

	(void)state;
	open_events(&r, path);
	fd = open(path, O_RDONLY);
	waits.more = true;
	feed(r, waits);
	assert_int_equal(read(fd, &first, 1), 0);
	feed(r, run_start());
	assert_int_equal(read(fd, &first, 1), 1);
	close(fd);
	assert_int_equal(r->ops->close(r, &err), 0);
	unlink(path);
}

static void a_full_disk_is_an_error_each_time(void **state)
{
	struct proctor_event event = run_start();
	struct proctor_error err;
	struct reporter *r;

	(void)state;
	assert_int_equal(events_open(&r, "/dev/full", &err), 0);
	assert_int_equal(r->ops->event(r, &event, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "/dev/full"));
	assert_int_equal(r->ops->event(r, &event, &err), -ENOSPC);
	r->ops->close(r, &err);
	assert_int_equal(events_open(&r, "/nonexistent/x", &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_a_line_for_each_event),
		cmocka_unit_test(foreign_bytes_come_as_base64_too),
		cmocka_unit_test(names_and_messages_are_exact),
		cmocka_unit_test(what_hosts_write_at_exit_is_whole),
		cmocka_unit_test(what_was_found_out_about_a_failure_is_told),
		cmocka_unit_test(what_is_known_is_written_before_the_end),
		cmocka_unit_test(a_full_disk_is_an_error_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
