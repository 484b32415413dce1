/* SPDX-License-Identifier: MIT */
#include "report_fixture.h"

#include <errno.h>
#include <libxml/parser.h>
#include <sys/stat.h>

#include "report/junit.h"

static xmlNodePtr child_of(xmlNodePtr node, const char *name)
{
	for (xmlNodePtr child = node->children; child; child = child->next)
		if (child->type == XML_ELEMENT_NODE &&
		    xmlStrEqual(child->name, (const xmlChar *)name))
			return child;
	fail_msg("no <%s> in <%s>", name, (const char *)node->name);
	return NULL;
}

static void assert_attribute(xmlNodePtr node, const char *name, const char *value)
{
	xmlChar *found = xmlGetProp(node, (const xmlChar *)name);

	assert_non_null(found);
	assert_string_equal((const char *)found, value);
	xmlFree(found);
}

static void assert_content(xmlNodePtr node, const char *value)
{
	xmlChar *found = xmlNodeGetContent(node);

	assert_string_equal((const char *)found, value);
	xmlFree(found);
}

static void the_report_is_whole_and_well_formed(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	struct stat before, after;
	char path[32];
	xmlDocPtr doc;
	xmlNodePtr root, suite, test;

	(void)state;
	close(report_file(path));
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(junit_open(&r, path, &err), 0);
	feed_run(r);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_size, 0);
	assert_int_equal(r->ops->close(r, &err), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_ino != before.st_ino);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	root = xmlDocGetRootElement(doc);
	assert_attribute(root, "tests", "2");
	assert_attribute(root, "errors", "1");
	suite = child_of(root, "testsuite");
	assert_attribute(suite, "name", "beta");
	do
		suite = suite->next;
	while (suite->type != XML_ELEMENT_NODE);
	assert_attribute(suite, "name", "alpha");
	test = child_of(suite, "testcase");
	assert_attribute(test, "name", "tml_test_1");
	assert_attribute(test, "time", "0.012345");
	assert_attribute(child_of(test, "error"), "type", "crash");
	assert_content(child_of(test, "error"),
		       "SIGSEGV, address not mapped, at 0x0\n#0 f at a.c:1\n#1 g");
	assert_content(child_of(test, "system-out"), "a\\x1b[2J\\xff\\x00z\n");
	assert_content(child_of(test, "system-err"),
		       "head\n\n… 1072693248 bytes not kept …\ntail<&>\n");
	xmlFreeDoc(doc);
	xmlCleanupParser();
	unlink(path);
}

/* Who counts the tests of a report misses none, and reads why. */
static void what_was_not_run_is_skipped_with_the_reason(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	char path[32];
	xmlDocPtr doc;
	xmlNodePtr root, test;

	(void)state;
	close(report_file(path));
	assert_int_equal(junit_open(&r, path, &err), 0);
	feed_stopped_run(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	root = xmlDocGetRootElement(doc);
	assert_attribute(root, "tests", "2");
	assert_attribute(root, "skipped", "1");
	test = child_of(xmlGetLastChild(root)->prev, "testcase");
	assert_attribute(test, "name", "late");
	assert_attribute(test, "classname", "late");
	assert_attribute(child_of(child_of(test, "properties"), "property"), "value", "12");
	test = child_of(test, "skipped");
	assert_attribute(test, "type", "not-run");
	assert_attribute(test, "message", "12 repetitions not run: the run ended at the crash of "
					  "alpha::tml_test_1");
	xmlFreeDoc(doc);
	xmlCleanupParser();
	unlink(path);
}

/* One is run three times and passes, the other twice, and its second repetition is still to come. */
static void feed_retries(struct reporter *r)
{
	struct proctor_result crash = crash_result, fail = pass_result, last = pass_result;

	feed(r, run_start());
	crash.final = fail.final = false;
	fail.verdict = PROCTOR_FAIL;
	fail.message = "1 < 2";
	feed(r, test_event(PROCTOR_TEST_END, 1, &crash_test, &crash));
	feed(r, test_event(PROCTOR_TEST_END, 2, &pass_test, &fail));
	fail.repetition = 2;
	feed(r, test_event(PROCTOR_TEST_END, 3, &pass_test, &fail));
	fail.repetition = 1;
	feed(r, test_event(PROCTOR_TEST_END, 4, &crash_test, &fail));
	last.attempt = 3;
	feed(r, test_event(PROCTOR_TEST_END, 5, &crash_test, &last));
	last = crash_result;
	last.attempt = 2;
	feed(r, test_event(PROCTOR_TEST_END, 6, &pass_test, &last));
}

static void former_attempts_are_in_their_test(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	char path[32];
	xmlDocPtr doc;
	xmlNodePtr root, suite, test, attempt;

	(void)state;
	close(report_file(path));
	assert_int_equal(junit_open(&r, path, &err), 0);
	feed_retries(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	root = xmlDocGetRootElement(doc);
	assert_attribute(root, "tests", "2");
	assert_attribute(root, "failures", "0");
	assert_attribute(root, "errors", "1");
	suite = child_of(root, "testsuite");
	assert_attribute(suite, "name", "alpha");
	test = child_of(suite, "testcase");
	attempt = child_of(test, "flakyError");
	assert_attribute(attempt, "type", "crash");
	assert_attribute(attempt, "message", "SIGSEGV, address not mapped, at 0x0");
	assert_content(child_of(attempt, "stackTrace"),
		       "SIGSEGV, address not mapped, at 0x0\n#0 f at a.c:1\n#1 g");
	assert_content(child_of(attempt, "system-out"), "a\\x1b[2J\\xff\\x00z\n");
	assert_attribute(child_of(test, "flakyFailure"), "message", "1 < 2");
	test = child_of(xmlGetLastChild(root)->prev, "testcase");
	assert_attribute(test, "name", "tml_test_0");
	assert_attribute(child_of(test, "error"), "type", "crash");
	attempt = child_of(test, "rerunFailure");
	assert_content(child_of(attempt, "stackTrace"), "1 < 2");
	/* Its own output stands behind it. */
	assert_string_equal((const char *)attempt->next->name, "system-out");
	xmlFreeDoc(doc);
	xmlCleanupParser();
	unlink(path);
}

static void what_was_found_out_about_a_failure_is_a_property(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	char path[32];
	xmlDocPtr doc;
	xmlNodePtr test, property;

	(void)state;
	close(report_file(path));
	assert_int_equal(junit_open(&r, path, &err), 0);
	feed_confirmed_run(r);
	assert_int_equal(r->ops->close(r, &err), 0);
	doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	test = child_of(xmlGetLastChild(xmlDocGetRootElement(doc))->prev, "testcase");
	assert_attribute(test, "name", "tml_test_1");
	property = child_of(child_of(test, "properties"), "property");
	assert_attribute(property, "name", "confirmation");
	assert_attribute(property, "value", "fails only after beta::tml_test_0");
	assert_attribute(property->next, "name", "fails-after");
	assert_attribute(property->next, "value", "beta::tml_test_0");
	assert_attribute(property->next->next, "name", "shown-by");
	/* The verdict stands behind it. */
	assert_attribute(child_of(test, "error"), "type", "crash");
	xmlFreeDoc(doc);
	xmlCleanupParser();
	unlink(path);
}

static void a_report_that_cannot_be_made_is_refused_before_the_run(void **state)
{
	struct proctor_error err;
	struct reporter *r;

	(void)state;
	assert_int_equal(junit_open(&r, "/nonexistent/x.xml", &err), -ENOENT);
	assert_int_equal(junit_open(&r, "/tmp", &err), -EISDIR);
}

/* Through a link: what would replace the device replaces only that. */
static void a_device_is_written_to_and_not_replaced(void **state)
{
	struct proctor_error err;
	struct reporter *r;
	struct stat st;
	char path[32];

	(void)state;
	close(report_file(path));
	unlink(path);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(junit_open(&r, path, &err), 0);
	feed_run(r);
	assert_int_equal(r->ops->close(r, &err), -ENOSPC);
	assert_int_equal(lstat(path, &st), 0);
	unlink(path);
	assert_true(S_ISLNK(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_report_is_whole_and_well_formed),
		cmocka_unit_test(what_was_not_run_is_skipped_with_the_reason),
		cmocka_unit_test(former_attempts_are_in_their_test),
		cmocka_unit_test(what_was_found_out_about_a_failure_is_a_property),
		cmocka_unit_test(a_report_that_cannot_be_made_is_refused_before_the_run),
		cmocka_unit_test(a_device_is_written_to_and_not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
