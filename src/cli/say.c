/* SPDX-License-Identifier: MIT */
/*
 * What is said to people. Names and causes come from outside: here, and nowhere else, they are made
 * harmless for a terminal.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

static bool lost;	/* something could not be said */

/* To stderr, without allocating; what a terminal cannot show is a question mark. */
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
	/* In one piece. Without memory for that why proctor failed is said all the same, and a list
	 * that cannot be given as it is, is no success. */
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
