/* SPDX-License-Identifier: MIT */
#include "cli/option_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/option_table.h"
#include "cli/option_values.h"

/* Abbreviations are refused as well: what is short for one option may be short for two in a later
 * version. */
static int unknown_option(enum command command, const char *word, struct proctor_error *err)
{
	const char *match;
	char typed[64];

	snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(word, "="), word);
	match = option_meant(command, typed + 2);
	if (match)
		return error_set(err, -EINVAL, "unknown option %s; did you mean --%s?", typed,
				 match);
	return error_set(err, -EINVAL, "unknown option %s", typed);
}

/* The words of the command line that were not read yet. */
struct words {
	char **at, **end;
};

static int option_give(struct options *o, const struct option_spec *spec, const char *value,
		       struct proctor_error *err)
{
	struct proctor_error why;

	/* An empty value is a mistake: an empty pattern would fit every test, and no file has an
	 * empty name. */
	if (value && !*value)
		return error_set(err, -EINVAL, "--%s needs a value, and it is empty", spec->name);
	if (spec->store(o, value, &why) < 0)
		return error_set(err, -EINVAL, "--%s: %s", spec->name, why.text);
	if (strncmp(spec->name, "coverage-", 9) == 0)
		o->of_coverage = spec->name;
	return 0;
}

/* `value`: what stood behind "=" in the same word. NULL: nothing; the next word may be the
 * value. */
static int option_take(struct options *o, const struct option_spec *spec, const char *value,
		       struct words *words, struct proctor_error *err)
{
	switch (spec->value) {
	case OPTION_FLAG:
		if (value)
			return error_set(err, -EINVAL, "--%s takes no value", spec->name);
		break;
	case OPTION_NEEDED:
		if (!value && words->at == words->end)
			return error_set(err, -EINVAL, "--%s needs a value, --%s=%s", spec->name,
					 spec->name, spec->value_name);
		if (!value)
			value = *words->at++;
		break;
	case OPTION_OPTIONAL:
		break;
	}
	return option_give(o, spec, value, err);
}

/* "--name", "--name=value", or "--name" and the value as the next word. */
static int take_long(struct options *o, enum command command, const char *word,
		     struct words *words, struct proctor_error *err)
{
	size_t nname = strcspn(word + 2, "=");
	const struct option_spec *spec = option_find(command, word + 2, nname, 0);

	if (!spec)
		return unknown_option(command, word, err);
	return option_take(o, spec, word[2 + nname] ? word + 3 + nname : NULL, words, err);
}

/* "-v", "-vq", "-j3", or "-j" and the value as the next word. */
static int take_letters(struct options *o, enum command command, const char *word,
			struct words *words, struct proctor_error *err)
{
	int ret = 0;

	for (const char *at = word + 1; ret == 0 && *at; at++) {
		const struct option_spec *spec = option_find(command, NULL, 0, *at);
		const char *value = NULL;

		if (!spec)
			return error_set(err, -EINVAL, "unknown option -%c", *at);
		if (spec->value == OPTION_NEEDED && at[1]) {
			value = at + 1;
			at += strlen(at) - 1;
		}
		ret = option_take(o, spec, value, words, err);
	}
	return ret;
}

static bool text_ends(const char *text, const char *end)
{
	size_t ntext = strlen(text), nend = strlen(end);

	return ntext >= nend && strcmp(text + ntext - nend, end) == 0;
}

/* Is the argument a path, not a filter? Yes if it has a slash, if there is such a file, or if it
 * ends as libraries and manifests do: a library whose name was mistyped must not become a filter
 * that fits nothing. */
static bool argument_is_path(const char *argument)
{
	struct stat st;

	return strchr(argument, '/') || text_ends(argument, ".so") ||
	       text_ends(argument, ".json") || lstat(argument, &st) == 0;
}

static int add_argument(struct options *o, const char *argument, struct proctor_error *err)
{
	/* An empty argument would be a filter that fits every test. */
	if (!*argument)
		return error_set(err, -EINVAL, "an argument is empty: it names neither a file nor a "
				 "test");
	if (!argument_is_path(argument)) {
		o->word = argument;
		return value_add(&o->filters, &o->selection.nfilters, argument, err);
	}
	return value_add(&o->paths, &o->npaths, argument, err);
}

/* Which tests a program has is not asked. */
static int check_list_kinds(const struct options *o, struct proctor_error *err)
{
	const struct proctor_selection *s = &o->selection;

	if (o->word)
		return error_set(err, -EINVAL, "there is no file %s, and --list-kinds, which looks at files, takes "
				 "no filter", o->word);
	if (o->filters || o->skips || o->sequence || s->group || s->shard_count > 0)
		return error_set(err, -EINVAL, "--list-kinds looks at files and takes no choice of tests");
	return 0;
}

/* Checks options against each other. */
static int options_check(const struct options *o, enum command command, struct proctor_error *err)
{
	if (o->list_kinds && !o->help)
		return check_list_kinds(o, err);
	if (command != COMMAND_RUN || o->help)
		return 0;
	/* Refused because, without --coverage, nobody would look at a --coverage-fail-under. */
	if (o->of_coverage && o->run.coverage.kind == PROCTOR_COVERAGE_NONE)
		return error_set(err, -EINVAL, "--%s is of no use without --coverage",
				 o->of_coverage);
	if (o->tml_style && o->nslowest > 0)
		return error_set(err, -EINVAL, "--slowest is of no use with --style=tml");
	if (o->run.nocapture && o->events_path && strcmp(o->events_path, "-") == 0)
		return error_set(err, -EINVAL, "--events=- and --nocapture would mix events and "
				 "what tests write");
	return 0;
}

/* Tests of which the order was given share a process, and who disturbs whom is known then. */
static void options_settle_sequence(struct options *o)
{
	o->selection.sequence = o->sequence;
	if (o->selection.nsequence == 0)
		return;
	if (o->run.nthreads == 0)
		o->run.nthreads = 1;
	o->run.no_confirm = o->run.no_confirm || !o->confirm;
}

int options_parse(struct options *o, enum command command, int argc, char **argv,
		  struct proctor_error *err)
{
	struct words words = { argv + 1, argv + argc };
	bool ended = false;
	int ret = 0;

	*o = (struct options){ 0 };
	while (ret == 0 && words.at < words.end) {
		const char *word = *words.at++;

		if (ended || word[0] != '-' || !word[1])
			ret = add_argument(o, word, err);
		else if (strcmp(word, "--") == 0)
			ended = true;
		else if (word[1] == '-')
			ret = take_long(o, command, word, &words, err);
		else
			ret = take_letters(o, command, word, &words, err);
	}
	if (ret == 0)
		ret = options_check(o, command, err);
	if (ret < 0) {
		options_fini(o);
		return ret;
	}
	o->selection.filters = o->filters;
	o->selection.skips = o->skips;
	options_settle_sequence(o);
	o->run.coverage.includes = o->includes;
	o->run.coverage.excludes = o->excludes;
	return 0;
}

void options_fini(struct options *o)
{
	texts_fini(&o->arguments);
	texts_fini(&o->wrap);
	free(o->filters);
	free(o->skips);
	free(o->sequence);
	free(o->includes);
	free(o->excludes);
	free(o->manifests);
	free(o->paths);
	*o = (struct options){ 0 };
}

int options_need_path(const struct options *o, struct proctor_error *err)
{
	if (o->npaths > 0 || o->nmanifests > 0 || o->list_kinds)
		return 0;
	if (o->word)
		return error_set(err, -EINVAL, "no suite, directory or manifest was named: there is "
				 "no file %s, which was taken for a filter", o->word);
	return error_set(err, -EINVAL, "no suite, directory or manifest was named");
}
