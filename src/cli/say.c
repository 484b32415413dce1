/* SPDX-License-Identifier: MIT */
/*
 * What the commands say on stderr and print on stdout. Names and causes come from outside and may
 * contain commands to a terminal: all text goes through here and is made harmless.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

static bool lost;	/* there was no memory for something to be printed */

/* Writes to stderr without allocating memory; bytes that a terminal cannot show become question
 * marks. */
static void print_piecemeal(const char *before, const char *text, const char *after)
{
	size_t nbytes = strlen(text), n;

	fputs(before, stderr);
	for (size_t i = 0; i < nbytes; i += n) {
		n = escape_plain(text + i, nbytes - i);
		if (n > 0)
			fwrite(text + i, 1, n, stderr);
		else
			fputc('?', stderr);
		n = n > 0 ? n : 1;
	}
	fputs(after, stderr);
}

static void print(FILE *to, const char *before, const char *text, const char *after)
{
	struct bytes line = { 0 };

	bytes_text(&line, before);
	escape_line(&line, text);
	bytes_text(&line, after);
	/* The line is written in one piece. If there is no memory for that: on stderr it is written
	 * all the same, as it may be the reason for a failure; on stdout it is lost, and that will
	 * be a failure. */
	if (bytes_string(&line))
		fwrite(bytes_string(&line), 1, line.nbytes, to);
	else if (to == stderr)
		print_piecemeal(before, text, after);
	else
		lost = true;
	bytes_fini(&line);
}

void say(const char *sentence)
{
	print(stderr, "proctor: ", sentence, "\n");
}

void say_error(const struct proctor_error *err)
{
	say(err->text);
}

int say_usage(const char *command, const struct proctor_error *err)
{
	char where[64];

	/* That is nobody's mistake in the use of it. */
	if (err->code == -ENOMEM) {
		say_error(err);
		return EXIT_BROKEN;
	}
	snprintf(where, sizeof(where), " (see proctor help%s%s)\n", command ? " " : "",
		 command ? command : "");
	print(stderr, "proctor: ", err->text, where);
	return EXIT_USAGE;
}

void say_partial(size_t nproblems)
{
	fprintf(stderr, "proctor: the coverage is not complete: the report names %zu problem%s "
		"(--coverage-allow-partial accepts that)\n", nproblems, nproblems == 1 ? "" : "s");
}

void print_line(const char *text)
{
	print(stdout, "", text, "\n");
}

bool print_lost(void)
{
	return lost;
}
