/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/option_table.h"

#define HELP_INDENT 28
#define HELP_COLUMNS 80

void help_print(void)
{
	puts("proctor runs test suites in parallel and loses none of their tests.\n"
	     "\n"
	     "  proctor run [options] FILE|DIR|FILTER...    run tests\n"
	     "  proctor list [options] FILE|DIR|FILTER...   print what would be run\n"
	     "  proctor coverage [options] [DIR]            report coverage again\n"
	     "  proctor doctor                              tell what proctor finds here\n"
	     "  proctor help COMMAND                        the options of a command\n"
	     "  proctor --version                           print the version\n"
	     "\n"
	     "FILE is a suite library (.so), a test executable or a manifest; DIR is searched for\n"
	     "suite libraries. A word that is no file, has no slash and no such ending is a FILTER:\n"
	     "a part of the test's id SUITE::NAME, or a glob.\n"
	     "\n"
	     "Exit status: 0 all passed or skipped, 1 some test failed, 2 wrong usage or input,\n"
	     "3 proctor itself could not go on, or coverage is incomplete, 4 nothing to run,\n"
	     "128+N stopped by signal N.");
}

/* Prints `text` in lines, broken at blanks; all but the first are indented. */
static void print_wrapped(const char *text)
{
	size_t column = HELP_INDENT;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > HELP_INDENT && column + 1 + n > HELP_COLUMNS) {
			printf("\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		}
		column += (size_t)printf("%s%.*s", column > HELP_INDENT ? " " : "", (int)n, text);
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

static void print_option(const struct option_spec *spec)
{
	char left[64];
	int n = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s%s", spec->letter ? '-' : ' ',
			 spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name,
			 spec->value == OPTION_NEEDED ? "=" :
			 spec->value == OPTION_OPTIONAL ? "[=" : "",
			 spec->value_name ? spec->value_name : "",
			 spec->value == OPTION_OPTIONAL ? "]" : "");

	if (n < HELP_INDENT - 1)
		printf("%-*s", HELP_INDENT, left);
	else
		printf("%s\n%*s", left, HELP_INDENT, "");
	print_wrapped(spec->help);
}

void help_command(enum command command)
{
	switch (command) {
	case COMMAND_RUN:
		puts("usage: proctor run [options] FILE|DIR|FILTER...\n\n"
		     "Runs the tests of suite libraries, executables, manifests and directories.\n");
		break;
	case COMMAND_LIST:
		puts("usage: proctor list [options] FILE|DIR|FILTER...\n\n"
		     "Prints the ids of the tests that `proctor run` would run.\n");
		break;
	case COMMAND_COVERAGE:
		puts("usage: proctor coverage [options] [DIR]\n\n"
		     "Makes the coverage reports again from what `proctor run --coverage` left in "
		     "DIR.\n");
		break;
	case COMMAND_DOCTOR:
		puts("usage: proctor doctor [options]\n\n"
		     "Tells what proctor finds on this machine.\n");
		break;
	}
	for (size_t i = 0; i < option_count; i++)
		if ((option_table[i].commands & (unsigned)command) && !option_table[i].hidden)
			print_option(&option_table[i]);
	if (command != COMMAND_DOCTOR)
		puts("\nTIME is a number of seconds, or 30s, 500ms, 2m; SIZE a number of bytes, or "
		     "64K, 1M.");
}
