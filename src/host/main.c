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

static const char *word_behind(char **words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words ? words[1] : NULL;
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "serve") == 0)
		return serve_main(&(struct serve_words){
			.sanitized = has_word(argv + 2, "sanitized"),
			.coverage = has_word(argv + 2, "coverage"),
			.keep_temp = has_word(argv + 2, "keep-temp"),
			.temp = word_behind(argv + 2, "temp"),
		});
	if (argc >= 4 && strcmp(argv[1], "guard") == 0)
		return guard_main(atoi(argv[2]), argv[3], argv[4]);
	fputs("proctor-host runs tests for proctor; it is of no use alone.\n", stderr);
	return 2;
}
