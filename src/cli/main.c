/* SPDX-License-Identifier: MIT */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/container.h"
#include "cli/near_match.h"

struct command_entry {
	const char *name;
	enum command command;
	int (*main)(int argc, char **argv);
};

static const struct command_entry command_table[] = {
	{ "run", COMMAND_RUN, command_run },
	{ "list", COMMAND_LIST, command_list },
	{ "coverage", COMMAND_COVERAGE, command_coverage },
	{ "doctor", COMMAND_DOCTOR, command_doctor },
};

static const struct command_entry *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(command_table); i++)
		if (strcmp(command_table[i].name, name) == 0)
			return &command_table[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	static const char *const names[] = { "run", "list", "coverage", "doctor", "help",
					     "--help", "--version" };
	const char *match = near_match(name, names, ARRAY_SIZE(names));
	struct proctor_error err;

	if (match)
		error_set(&err, -EINVAL, "unknown command \"%s\"; did you mean %s?", name, match);
	else
		error_set(&err, -EINVAL, "unknown command \"%s\"", name);
	return say_usage(NULL, &err);
}

/* If not all that was printed could be written, as on a full disk, that is no success. */
static int finish(int status)
{
	struct proctor_error err;

	if (fflush(stdout) == 0 && !ferror(stdout) && !print_lost())
		return status;
	if (print_lost())
		errno = ENOMEM;
	error_sys(&err, errno ? errno : EIO, "cannot write the standard output");
	say_error(&err);
	return status == EXIT_PASSED ? EXIT_BROKEN : status;
}

static int help_main(int argc, char **argv)
{
	const struct command_entry *entry;

	if (argc < 2 || strcmp(argv[1], "help") == 0) {
		help_print();
		return EXIT_PASSED;
	}
	entry = command_find(argv[1]);
	if (!entry)
		return unknown_command(argv[1]);
	help_command(entry->command);
	return EXIT_PASSED;
}

int main(int argc, char **argv)
{
	const struct command_entry *entry;
	struct proctor_error err;

	if (process_prepare(&err) < 0) {
		say_error(&err);
		return EXIT_BROKEN;
	}
	if (argc < 2) {
		fputs("usage: proctor run [options] FILE|DIR|FILTER...\n"
		      "       proctor list [options] FILE|DIR|FILTER...\n"
		      "       proctor coverage [options] [DIR]\n"
		      "       proctor doctor\n"
		      "       proctor help [COMMAND]\n", stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("proctor " PROCTOR_VERSION);
		return finish(EXIT_PASSED);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return finish(help_main(strcmp(argv[1], "help") == 0 ? argc - 1 : 1, argv + 1));
	entry = command_find(argv[1]);
	if (!entry)
		return unknown_command(argv[1]);
	return finish(entry->main(argc - 1, argv + 1));
}
