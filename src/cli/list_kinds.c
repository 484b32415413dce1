/* SPDX-License-Identifier: MIT */
/* --list-kinds: which frameworks there are, or of which one each suite is, as its file shows it. */
#include "cli/commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/json_bytes.h"
#include "lib/kinds.h"

#define VERSION_BYTES 64
#define SUITE_COLUMNS_MAX 60		/* a longer name moves what stands behind it */

/* ---- as JSON ---- */

/* `version` NULL: it is not known. The result NULL: no memory. */
static json_t *suite_json(const struct suite_kind *kind, const char *version)
{
	struct bytes scratch = { 0 };
	json_t *json = json_object();
	bool ok = json_put_bytes(json, "suite", kind->suite, strlen(kind->suite), &scratch) &&
		  json_put_bytes(json, "path", kind->path, strlen(kind->path), &scratch);

	if (ok && kind->framework)
		ok = json_object_set_new(json, "framework", json_string(kind->framework)) == 0;
	if (ok && version)
		ok = json_object_set_new(json, "version", json_string(version)) == 0;
	bytes_fini(&scratch);
	if (ok)
		return json;
	json_decref(json);
	return NULL;
}

static int suites_json(const struct proctor_plan *plan, json_t *list)
{
	char text[VERSION_BYTES];
	struct suite_kind kind;

	for (size_t i = 0; kinds_suite(plan, i, &kind); i++) {
		const char *version = kinds_version(plan, i, text, sizeof(text)) ? text : NULL;

		if (json_array_append_new(list, suite_json(&kind, version)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int frameworks_json(json_t *list)
{
	const char *name, *known_by;

	for (size_t i = 0; (name = kinds_framework(i, &known_by)); i++)
		if (json_array_append_new(list, json_pack("{ss, ss}", "framework", name,
							  "known_by", known_by)) < 0)
			return -ENOMEM;
	return 0;
}

/* Of the plan's suites; NULL: of the frameworks. */
static int print_json(const struct proctor_plan *plan)
{
	/* On a terminal only ASCII: some characters beyond that are commands to it. */
	size_t flags = JSON_INDENT(2) | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0);
	json_t *list = json_array();
	int ret = !list ? -ENOMEM : plan ? suites_json(plan, list) : frameworks_json(list);

	errno = 0;
	if (ret == 0 && json_dumpf(list, stdout, flags) < 0)
		ret = errno ? -errno : -EIO;
	putchar('\n');
	json_decref(list);
	return ret;
}

/* ---- as text ---- */

static void print_frameworks(void)
{
	const char *name, *known_by;

	for (size_t i = 0; (name = kinds_framework(i, &known_by)); i++)
		printf("%-11s %s\n", name, known_by);
}

static int print_suite_kinds(const struct proctor_plan *plan)
{
	struct bytes line = { 0 };
	char version[VERSION_BYTES];
	struct suite_kind kind;
	size_t width = 0;
	int ret = 0;

	for (size_t i = 0; kinds_suite(plan, i, &kind); i++) {
		size_t n = strlen(kind.suite);

		if (n > width)
			width = n < SUITE_COLUMNS_MAX ? n : SUITE_COLUMNS_MAX;
	}
	for (size_t i = 0; ret == 0 && kinds_suite(plan, i, &kind); i++) {
		line.nbytes = 0;
		escape_line(&line, kind.suite);
		while (line.nbytes < width && !line.failed)
			bytes_text(&line, " ");
		bytes_printf(&line, "  %-11s %s", kind.framework ? kind.framework : "-",
			     kinds_version(plan, i, version, sizeof(version)) ? version : "-");
		if (line.failed)
			ret = -ENOMEM;
		else
			printf("%.*s\n", (int)line.nbytes, line.data);
	}
	bytes_fini(&line);
	return ret;
}

/* Says what is wrong with suites. Is it so with all of them? */
static bool say_all_broken(const struct proctor_plan *plan)
{
	struct suite_kind kind;
	size_t nbroken = 0, i;

	for (i = 0; kinds_suite(plan, i, &kind); i++) {
		if (!kind.broken)
			continue;
		say(kind.broken);
		nbroken++;
	}
	return nbroken > 0 && nbroken == i;
}

static int say_unprinted(int ret)
{
	struct proctor_error err;

	error_sys(&err, -ret, "cannot print the list");
	say_error(&err);
	return EXIT_BROKEN;
}

static int list_frameworks(const struct options *o)
{
	int ret = 0;

	if (o->json)
		ret = print_json(NULL);
	else
		print_frameworks();
	return ret < 0 ? say_unprinted(ret) : EXIT_PASSED;
}

int list_kinds(struct proctor_plan *plan, const struct options *o)
{
	struct plan_outcome outcome;
	struct suite_kind kind;
	struct proctor_error err;
	bool all_broken;
	int ret;

	if (o->npaths == 0 && o->nmanifests == 0)
		return list_frameworks(o);
	if (plan_add_arguments(plan, o, &outcome) < 0)
		return EXIT_BROKEN;
	if (kinds_look(plan, &err) < 0) {
		say_error(&err);
		return EXIT_BROKEN;
	}
	all_broken = say_all_broken(plan);
	ret = o->json ? print_json(plan) : print_suite_kinds(plan);
	if (ret < 0)
		return say_unprinted(ret);
	if (outcome.nrefused > 0 || all_broken)
		return EXIT_USAGE;
	return kinds_suite(plan, 0, &kind) ? EXIT_PASSED : EXIT_NOTHING;
}
