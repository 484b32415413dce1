/* SPDX-License-Identifier: MIT */
/* proctor-host: the program in which proctor runs the tests of libraries, and its guard. What the
 * words of its command line mean stands in wire/page.h. */
#include "guard/guard.h"
#include "host/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_word(char **words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "serve") == 0)
		return serve_main(has_word(argv + 2, "sanitized"), has_word(argv + 2, "coverage"));
	if (argc == 4 && strcmp(argv[1], "guard") == 0)
		return guard_main(atoi(argv[2]), argv[3]);
	fputs("proctor-host runs tests for proctor; it is of no use alone.\n", stderr);
	return 2;
}
