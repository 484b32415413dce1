/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/json_bytes.h"
#include "cli/option_parse.h"

/* One test's object while it is made. */
struct test_object {
	json_t *json;
	struct bytes scratch;
	bool failed;
};

/* Names come from files and may hold any bytes: json_bytes.h says how these are written. */
static void put_text(struct test_object *o, const char *key, const char *text)
{
	if (!json_put_bytes(o->json, key, text, strlen(text), &o->scratch))
		o->failed = true;
}

static void put_number(struct test_object *o, const char *key, uint64_t value)
{
	/* If this fails jansson frees the value; it also fails if the value is NULL. */
	if (json_object_set_new_nocheck(o->json, key, json_integer((json_int_t)value)) < 0)
		o->failed = true;
}

/* NULL: no memory. */
static json_t *test_json(const struct proctor_test *t)
{
	struct test_object o = { .json = json_object() };

	put_text(&o, "id", t->id);
	put_text(&o, "suite", t->suite);
	put_text(&o, "group", t->group);
	put_text(&o, "name", t->name);
	put_number(&o, "index", t->index);
	put_text(&o, "file", t->file);
	if (t->line > 0)
		put_number(&o, "line", t->line);
	put_text(&o, "path", t->path);
	if (t->framework)
		put_text(&o, "framework", t->framework);
	if (t->disabled)
		put_text(&o, "disabled", t->disabled);
	put_number(&o, "ntests", t->ntests);
	put_number(&o, "timeout_us", t->timeout_us);
	bytes_fini(&o.scratch);
	if (!o.failed)
		return o.json;
	json_decref(o.json);
	return NULL;
}

static int list_json(const struct proctor_plan *plan)
{
	/* On a terminal only ASCII: some characters beyond that are commands to it. */
	size_t flags = JSON_INDENT(2) | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
	json_t *list = json_array();
	int ret = list ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < proctor_plan_ntests(plan); i++)
		if (json_array_append_new(list, test_json(proctor_plan_test(plan, i))) < 0)
			ret = -ENOMEM;
	errno = 0;
	if (ret == 0 && json_dumpf(list, stdout, flags) < 0)
		ret = errno ? -errno : -EIO;
	putchar('\n');
	json_decref(list);
	return ret;
}

#define ID_COLUMNS_MAX 60		/* a longer id moves what stands behind it */

static size_t columns(const char *text)
{
	return strlen(text) < ID_COLUMNS_MAX ? strlen(text) : ID_COLUMNS_MAX;
}

static void pad(struct bytes *line, size_t from, size_t width)
{
	while (line->nbytes - from < width && !line->failed)
		bytes_text(line, " ");
	bytes_text(line, "  ");
}

/* The id, whose test it is, and where it stands in the source: as far as that is known. */
static void line_long(struct bytes *line, const struct proctor_test *t, size_t nid, size_t nkind)
{
	size_t kind;

	escape_line(line, t->id);
	pad(line, 0, nid);
	kind = line->nbytes;
	bytes_text(line, t->framework ? t->framework : "-");
	if (!t->file[0])
		return;
	pad(line, kind, nkind);
	escape_line(line, t->file);
	if (t->line > 0)
		bytes_printf(line, ":%u", t->line);
}

static int list_long(const struct proctor_plan *plan)
{
	size_t nid = 0, nkind = 1;
	struct bytes line = { 0 };
	int ret = 0;

	for (size_t i = 0; i < proctor_plan_ntests(plan); i++) {
		const struct proctor_test *t = proctor_plan_test(plan, i);

		if (columns(t->id) > nid)
			nid = columns(t->id);
		if (t->framework && strlen(t->framework) > nkind)
			nkind = strlen(t->framework);
	}
	for (size_t i = 0; ret == 0 && i < proctor_plan_ntests(plan); i++) {
		line.nbytes = 0;
		line_long(&line, proctor_plan_test(plan, i), nid, nkind);
		if (line.failed)
			ret = -ENOMEM;
		else
			printf("%.*s\n", (int)line.nbytes, line.data);
	}
	bytes_fini(&line);
	return ret;
}

static void list_text(const struct proctor_plan *plan)
{
	for (size_t i = 0; i < proctor_plan_ntests(plan); i++)
		print_line(proctor_plan_test(plan, i)->id);
}

int list_plan(struct proctor_plan *plan, const struct options *o)
{
	struct plan_outcome outcome;
	struct proctor_error err;
	int ret;

	if (plan_arguments(plan, o, &outcome) < 0)
		return outcome.signo > 0 ? EXIT_SIGNALLED + outcome.signo : EXIT_BROKEN;
	if (o->list_suites) {
		print_suites(plan);
	} else if (!o->json && !o->list_long && !isatty(STDOUT_FILENO)) {
		list_text(plan);
	} else {
		ret = o->json ? list_json(plan) : list_long(plan);
		if (ret < 0) {
			error_sys(&err, -ret, "cannot print the list");
			say_error(&err);
			return EXIT_BROKEN;
		}
	}
	if (outcome.nrefused > 0 || outcome.all_broken)
		return EXIT_USAGE;
	return proctor_plan_ntests(plan) > 0 ? EXIT_PASSED : EXIT_NOTHING;
}

int command_list(int argc, char **argv)
{
	struct proctor_error err;
	struct proctor_plan *plan;
	struct options o;
	int status = EXIT_BROKEN;

	if (options_parse(&o, COMMAND_LIST, argc, argv, &err) < 0)
		return say_usage("list", &err);
	if (o.help) {
		help_command(COMMAND_LIST);
		status = EXIT_PASSED;
		goto fini;
	}
	if (options_need_path(&o, &err) < 0) {
		status = say_usage("list", &err);
		goto fini;
	}
	plan = proctor_plan_new();
	if (!plan) {
		error_sys(&err, ENOMEM, "cannot make a plan");
		say_error(&err);
		goto fini;
	}
	status = o.list_kinds ? list_kinds(plan, &o) : list_plan(plan, &o);
	proctor_plan_free(plan);
fini:
	options_fini(&o);
	return status;
}
