/* SPDX-License-Identifier: MIT */
/* Every option there is: which commands take it, its value, its words in the help. */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "cli/option_store.h"

enum option_value {
	OPTION_FLAG,		/* takes none */
	OPTION_NEEDED,
	OPTION_OPTIONAL,	/* --name or --name=VALUE */
};

struct option_spec {
	const char *name;
	char letter;			/* 0: none */
	unsigned commands;		/* enum command, or'ed */
	enum option_value value;
	const char *value_name;		/* as the help shows it */
	bool hidden;			/* not shown: not for users */
	const char *help;		/* one text: it is broken into lines when it is shown */
	option_store *store;
};

extern const struct option_spec option_table[];
extern const size_t option_count;

/* The option of this name, of `nname` bytes, or, if `name` is NULL, of this letter. NULL: the
 * command has none. */
const struct option_spec *option_find(enum command command, const char *name, size_t nname,
				      char letter);

/* The name of an option of the command that `name`, which is none, was probably meant to be; or
 * NULL. */
const char *option_meant(enum command command, const char *name);

#endif
