/* SPDX-License-Identifier: MIT */
/* docs/06-EVENTS.md is the schema of the events: every field that is written stands there, with its
 * type, and every field that stands there without "(if any)" is written. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELDS_MAX 128

struct field {
	char event[24];		/* "": of every event */
	char name[32];
	char type[24];
	bool optional;
};

static struct field fields[FIELDS_MAX];
static size_t nfields;

static char *docs_read(void)
{
	char *text = NULL, tried[64];
	size_t ntext = 0;
	FILE *f = NULL;

	for (int up = 0; !f && up < 4; up++) {
		snprintf(tried, sizeof(tried), "%.*sdocs/06-EVENTS.md", 3 * up, "../../../");
		f = fopen(tried, "re");
	}
	assert_non_null(f);
	assert_true(getdelim(&text, &ntext, '\0', f) > 0);
	fclose(f);
	return text;
}

/* A row of a table may name several fields: "| `a`, `b` | number | what they mean |". */
static void row_read(const char *event, const char *line)
{
	const char *type = strstr(line + 2, "| ") + 2, *meaning = strstr(type, " | ");

	if (!meaning)
		fail_msg("no type in: %s", line);
	for (const char *at = strchr(line, '`'); at && at < type; at = strchr(at, '`')) {
		struct field *f = &fields[nfields++];
		size_t n = strcspn(at + 1, "`");

		assert_true(nfields < FIELDS_MAX);
		snprintf(f->event, sizeof(f->event), "%s", event);
		snprintf(f->name, sizeof(f->name), "%.*s", (int)n, at + 1);
		snprintf(f->type, sizeof(f->type), "%.*s", (int)(meaning - type), type);
		f->optional = strstr(meaning, "*(if ") != NULL;
		at += n + 2;
	}
}

static int schema_read(void **state)
{
	char *text = docs_read(), event[24] = "";

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (strncmp(line, "## `", 4) == 0)
			snprintf(event, sizeof(event), "%.*s", (int)strcspn(line + 4, "`"), line + 4);
		else if (strncmp(line, "| `", 3) == 0)
			row_read(event, line);
	}
	free(text);
	return 0;
}

/* test-slow has the fields of test-start, and so has test-end. */
static bool field_applies(const struct field *f, const char *event)
{
	return !f->event[0] || strcmp(f->event, event) == 0 ||
	       (strcmp(f->event, "test-start") == 0 && strncmp(event, "test-", 5) == 0);
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:	return "string";
	case JSON_INTEGER:	return "number";
	case JSON_TRUE:		return "boolean";
	case JSON_FALSE:	return "boolean";
	case JSON_OBJECT:	return "object";
	case JSON_ARRAY:	return json_is_string(json_array_get(value, 0)) ? "array of strings" :
				       "array of objects";
	case JSON_REAL:		return "real";
	case JSON_NULL:		return "null";
	}
	return "";
}

/* Of any string there may be the bytes, too. */
static size_t base64_length(const char *name)
{
	size_t n = strlen(name), nend = strlen("_base64");

	return n > nend && strcmp(name + n - nend, "_base64") == 0 ? n - nend : 0;
}

static void event_check(json_t *event)
{
	const char *kind = event_text(event, "event"), *name;
	json_t *value;

	json_object_foreach(event, name, value) {
		const struct field *f = fields;
		size_t n = base64_length(name);

		if (n == 0)
			n = strlen(name);
		while (f < fields + nfields && (!field_applies(f, kind) || strlen(f->name) != n ||
						strncmp(f->name, name, n) != 0))
			f++;
		if (f == fields + nfields)
			fail_msg("%s has %s, of which the docs know nothing", kind, name);
		if (strcmp(f->type, type_name(value)) != 0 &&
		    !(json_is_array(value) && json_array_size(value) == 0))
			fail_msg("%s of %s is a %s, not a %s", name, kind, type_name(value), f->type);
	}
	for (const struct field *f = fields; f < fields + nfields; f++)
		if (!f->optional && field_applies(f, kind) && !json_object_get(event, f->name))
			fail_msg("%s has no %s: %s", kind, f->name, json_dumps(event, 0));
}

static void mark_seen(const struct run *run, bool *seen)
{
	for (size_t i = 0; i < nfields; i++) {
		json_t *event;
		size_t k;

		json_array_foreach(run->events, k, event)
			seen[i] |= field_applies(&fields[i], event_text(event, "event")) &&
				   json_object_get(event, fields[i].name) != NULL;
	}
}

static void events_are_as_documented(void **state)
{
	const struct run_setup setups[] = {
		/* All ways to end, leaks of memory and of processes, output cut and no text. */
		{ .args = WORDS("--retries=1", "--timeout=500ms", "--grace=200ms", "--slow-after=200ms",
				"--shuffle=2", "--max-output=4K", "--on-crash=continue",
				suite_path("ways")) },
		/* Never begun. */
		{ .args = WORDS("--test-threads=1", "--repeat=5", "--fail-fast",
				suite_path("exe_options/fails"), suite_path("smoke/libsmoke_0.so")) },
		/* Libraries that write when their host exits. */
		{ .args = WORDS("--test-threads=1", suite_path("openings/libexit_prints_1.so")) },
		/* A failure that is another test's fault. */
		{ .args = WORDS("--test-threads=1", "--on-crash=continue", suite_path("polluted/libpolluted.so")),
		  .env = WORDS("POLLUTERS=17", "VICTIM=30") },
		/* A directory that is kept. */
		{ .args = WORDS("--keep-temp", suite_path("temp/uses")),
		  .env = WORDS("WAY=fails"),
		  .prefix = WORDS("/bin/sh", "-c", "/bin/mkdir \"$TMPDIR/.kept\" && TMPDIR=\"$TMPDIR/.kept\" "
				  "exec \"$0\" \"$@\"") },
		/* A note. */
		{ .args = WORDS("--timeout=1s", "--grace=200ms", suite_path("exe/sigterm_to_parent")) },
		/* Somebody asks what runs. Who asks is a child that was there before, and is left. */
		{ .args = WORDS(suite_path("session/naps")),
		  .prefix = WORDS("/bin/sh", "-c", "(sleep 0.5; kill -USR1 $$) & exec \"$0\" \"$@\""),
		  .cut_short = true },
		/* Coverage, of which there is none. */
		{ .args = WORDS("--coverage", "--coverage-allow-partial",
				suite_path("smoke/libsmoke_0.so")),
		  .prefix = WORDS("/bin/sh", "-c", "/bin/mkdir \"$TMPDIR/.work\" && cd \"$TMPDIR/.work\" "
				  "&& exec \"$0\" \"$@\"") },
	};
	bool seen[FIELDS_MAX] = { false };

	(void)state;
	assert_true(nfields > 50);
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		struct run *run = run_proctor(&setups[i]);
		json_t *event;
		size_t k;

		json_array_foreach(run->events, k, event)
			event_check(event);
		mark_seen(run, seen);
		run_free(run);
	}
	/* The runs show all of it, but for what coverage has, and on one of the two streams. */
	for (size_t i = 0; i < nfields; i++)
		if (!seen[i] && strcmp(fields[i].event, "coverage") != 0 &&
		    strcmp(fields[i].name, "loop_why") != 0 &&
		    strncmp(fields[i].name, "stderr_", 7) != 0)
			fail_msg("no run has %s of %s", fields[i].name, fields[i].event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		harness_test(events_are_as_documented),
	};

	return cmocka_run_group_tests_name("events schema", tests, schema_read, NULL);
}
