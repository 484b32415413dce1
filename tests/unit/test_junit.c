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
	test = child_of(test, "skipped");
	assert_attribute(test, "type", "not-run");
	assert_attribute(test, "message", "12 repetitions not run: the run ended at the crash of "
					  "alpha::tml_test_1");
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
		cmocka_unit_test(a_report_that_cannot_be_made_is_refused_before_the_run),
		cmocka_unit_test(a_device_is_written_to_and_not_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
