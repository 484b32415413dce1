/* SPDX-License-Identifier: MIT */
/*
 * usage: judge EVENTS
 *
 * Reads the events of a run of the demonstration suites and checks that each test was judged as
 * it deserves. Exit status 0 if all were.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct expectation {
	const char *id, *verdict;
	const char *why;		/* NULL: an everyday test */
	int signal;			/* 0: none */
	const char *out;		/* must be part of what was captured; NULL: whatever */
} expectations[] = {
	{ "calculator::adds", "pass", NULL, 0, NULL },
	{ "calculator::subtracts", "pass", NULL, 0, NULL },
	{ "calculator::multiplies", "pass", NULL, 0, NULL },
	{ "calculator::divides", "pass", NULL, 0, NULL },
	{ "calculator::takes_remainders", "pass", NULL, 0, NULL },
	{ "calculator::shifts", "pass", NULL, 0, NULL },
	{ "inventory::starts_empty", "pass", NULL, 0, NULL },
	{ "inventory::never_goes_below_zero", "fail", "an assertion failed", 0, "taking 5 of 3" },
	{ "inventory::prints_labels", "skip", "it said why", 0, NULL },
	{ "parser::reads_a_list_of_two", "pass", NULL, 0, NULL },
	{ "parser::reads_a_list_of_one", "crash", "it followed a null pointer", 11, "last words" },
	{ "parser::reads_the_head", "pass", "the test after a crash", 0, NULL },
	{ "network::connects", "pass", NULL, 0, NULL },
	{ "network::disconnects_while_connecting", "timeout", "a deadlock", 0, "closing all" },
	{ "network::resolves_names", "pass", "the test after a hang", 0, NULL },
	{ "logger::floods", "pass", "20 MB of output, 1 MiB kept", 0, "0299999: a line" },
	{ "logger::is_quiet", "pass", "none of the flood is its own", 0, "" },
	{ "server::stops_too_soon", "fail", "exit(0) is not a pass", 0, NULL },
	{ "server::leaves_a_process_behind", "pass", "and is named leaky", 0, NULL },
	{ "server::cleans_up", "pass", "the test after them", 0, NULL },
	{ "weather", "pass", "any executable is a test", 0, "mild, light wind" },
};

struct judgement {
	unsigned nends;			/* how often the test ended */
	char verdict[32];
	bool right;
	char wrong[128];		/* what is not as it should be */
};

static struct judgement judgements[ARRAY_SIZE(expectations)];

static const char *text_of(json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text ? text : "";
}

static bool marked(json_t *event, const char *mark)
{
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(event, "marks"), i, value)
		if (strcmp(json_string_value(value) ? json_string_value(value) : "", mark) == 0)
			return true;
	return false;
}

/* Finds what is wrong with a test's end, or leaves `wrong` empty. */
static void judge(const struct expectation *want, json_t *event, struct judgement *j)
{
	json_int_t sig = json_integer_value(json_object_get(event, "signal"));
	json_int_t nwritten = json_integer_value(json_object_get(event, "stdout_bytes"));
	const char *out = text_of(event, "stdout");

	snprintf(j->verdict, sizeof(j->verdict), "%s", text_of(event, "verdict"));
	if (strcmp(j->verdict, want->verdict) != 0)
		snprintf(j->wrong, sizeof(j->wrong), "should be %s", want->verdict);
	else if (want->signal && sig != want->signal)
		snprintf(j->wrong, sizeof(j->wrong), "signal %d, should be %d", (int)sig, want->signal);
	else if (want->out && !strstr(out, want->out))
		snprintf(j->wrong, sizeof(j->wrong), "its output lacks \"%s\"", want->out);
	else if (want->out && !want->out[0] && nwritten != 0)
		snprintf(j->wrong, sizeof(j->wrong), "has output that is not its own");
	else if (strcmp(want->id, "logger::floods") == 0 &&
		 (nwritten != 20100000 || strlen(out) > 1024 * 1024 || !strstr(out, "0000000: a line")))
		snprintf(j->wrong, sizeof(j->wrong), "%d bytes written, %zu kept", (int)nwritten, strlen(out));
	else if (marked(event, "leaky") != (strcmp(want->id, "server::leaves_a_process_behind") == 0))
		snprintf(j->wrong, sizeof(j->wrong), "wrongly marked leaky, or not marked");
	j->right = !j->wrong[0];
}

/* False if the file ends early or holds a test that is not in the table. */
static bool read_events(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	bool whole = false, known = true;

	if (!file) {
		perror(path);
		return false;
	}
	while (getline(&line, &cap, file) > 0) {
		json_t *event = json_loads(line, 0, NULL);
		size_t i;

		if (strcmp(text_of(event, "event"), "run-end") == 0)
			whole = true;
		if (strcmp(text_of(event, "event"), "test-end") == 0) {
			for (i = 0; i < ARRAY_SIZE(expectations); i++)
				if (strncmp(expectations[i].id, text_of(event, "id"),
					    strlen(expectations[i].id)) == 0)
					break;
			if (i < ARRAY_SIZE(expectations) && judgements[i].nends++ == 0)
				judge(&expectations[i], event, &judgements[i]);
			if (i == ARRAY_SIZE(expectations)) {
				printf("not in the demonstration: %s\n", text_of(event, "id"));
				known = false;
			}
		}
		json_decref(event);
	}
	free(line);
	fclose(file);
	if (!whole)
		printf("the events end before the run does\n");
	return whole && known;
}

int main(int argc, char **argv)
{
	size_t nright = 0;
	bool whole;

	if (argc != 2) {
		fputs("usage: judge EVENTS\n", stderr);
		return 2;
	}
	whole = read_events(argv[1]);
	for (size_t i = 0; i < ARRAY_SIZE(expectations); i++) {
		const struct expectation *want = &expectations[i];
		struct judgement *j = &judgements[i];

		if (j->nends != 1) {
			snprintf(j->wrong, sizeof(j->wrong), "ended %u times, should end once", j->nends);
			j->right = false;
		}
		nright += j->right;
		if (!j->right)
			printf("  %-40s %-8s WRONG: %s\n", want->id, j->verdict, j->wrong);
		else if (want->why)
			printf("  %-40s %-8s %s\n", want->id, j->verdict, want->why);
	}
	printf("%zu of %zu tests judged as they should be.\n", nright, ARRAY_SIZE(expectations));
	return whole && nright == ARRAY_SIZE(expectations) ? 0 : 1;
}
