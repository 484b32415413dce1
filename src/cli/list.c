/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "report/escape.h"

/* Names come from files and may hold anything; JSON takes UTF-8 alone. */
static json_t *text_json(const char *text)
{
	struct bytes shown = { 0 };
	json_t *value = json_string(text);

	if (value)
		return value;
	escape_line(&shown, text);
	value = json_string(bytes_string(&shown));
	bytes_fini(&shown);
	return value;
}

static int list_json(const struct proctor_plan *plan)
{
	json_t *list = json_array();
	int ret;

	for (size_t i = 0; i < proctor_plan_ntests(plan); i++) {
		const struct proctor_test *t = proctor_plan_test(plan, i);

		json_array_append_new(list, json_pack("{so,so,so,so,sI,so,so,sI,sI}",
			"id", text_json(t->id), "suite", text_json(t->suite),
			"group", text_json(t->group), "name", text_json(t->name),
			"index", (json_int_t)t->index, "file", text_json(t->file),
			"path", text_json(t->path), "ntests", (json_int_t)t->ntests,
			"timeout_us", (json_int_t)t->timeout_us));
	}
	ret = json_array_size(list) == proctor_plan_ntests(plan) ? 0 : -ENOMEM;
	if (ret == 0 && json_dumpf(list, stdout, JSON_INDENT(2)) < 0)
		ret = -EIO;
	putchar('\n');
	json_decref(list);
	return ret;
}

static int list_text(const struct proctor_plan *plan)
{
	struct bytes line = { 0 };
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < proctor_plan_ntests(plan); i++) {
		bytes_clear(&line);
		escape_line(&line, proctor_plan_test(plan, i)->id);
		if (!bytes_string(&line))
			ret = -ENOMEM;
		else if (line.nbytes)
			puts(bytes_string(&line));
	}
	bytes_fini(&line);
	return ret;
}

int list_plan(struct proctor_plan *plan, const struct options *o)
{
	struct plan_outcome outcome;
	struct proctor_error err;

	if (plan_arguments(plan, o, &outcome) < 0)
		return EXIT_BROKEN;
	if (o->list_suites) {
		print_suites(plan);
	} else if ((o->json ? list_json(plan) : list_text(plan)) < 0) {
		error_sys(&err, ENOMEM, "cannot print the list");
		say_error(&err);
		return EXIT_BROKEN;
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
	status = list_plan(plan, &o);
	proctor_plan_free(plan);
fini:
	options_fini(&o);
	return status;
}
