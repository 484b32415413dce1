/* SPDX-License-Identifier: MIT */
#include "cli/command_words.h"

#include <inttypes.h>
#include <string.h>

#include "base/escape.h"

static void add_word(struct bytes *to, const char *word)
{
	bytes_text(to, " ");
	escape_shell_line(to, word);
}

static void add_option(struct bytes *to, const char *option, const char *value)
{
	if (!value)
		return;
	bytes_printf(to, " --%s=", option);
	escape_shell_line(to, value);
}

/* They were taken apart when they were read, and will be again. */
static void add_words(struct bytes *to, const char *option, const struct texts *words)
{
	struct bytes value = { 0 };

	for (size_t i = 0; i < words->n; i++) {
		bytes_text(&value, i > 0 ? " " : "");
		escape_shell(&value, words->list[i]);
	}
	if (words->n > 0)
		add_option(to, option, bytes_string(&value));
	to->failed |= value.failed;
	bytes_fini(&value);
}

static void add_time(struct bytes *to, const char *option, uint64_t us)
{
	if (us > 0 && us % 1000 == 0)
		bytes_printf(to, " --%s=%" PRIu64 "ms", option, us / 1000);
	else if (us > 0)
		bytes_printf(to, " --%s=%" PRIu64 "us", option, us);
}

bool command_words(struct bytes *to, const char *program, const struct options *o)
{
	for (size_t i = 0; i < o->nmanifests; i++)
		if (strcmp(o->manifests[i], "-") == 0)
			return false;
	escape_shell_line(to, program);
	bytes_text(to, " run");
	add_option(to, "host", o->run.host_path);
	add_option(to, "framework", o->framework);
	add_option(to, "exe", o->exe_glob);
	add_words(to, "exe-args", &o->arguments);
	add_words(to, "wrap", &o->wrap);
	if (o->run.no_inject)
		bytes_text(to, " --no-inject");
	/* What the tests may take there is what they could take here. */
	add_time(to, "timeout", o->run.timeout_us);
	add_time(to, "grace", o->run.grace_us);
	for (size_t i = 0; i < o->nmanifests; i++)
		add_option(to, "manifest", o->manifests[i]);
	for (size_t i = 0; i < o->npaths; i++)
		/* What begins so would be taken for an option. */
		if (o->paths[i][0] == '-') {
			bytes_text(to, " ./");
			escape_shell_line(to, o->paths[i]);
		} else {
			add_word(to, o->paths[i]);
		}
	return !to->failed;
}
