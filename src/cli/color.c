/* SPDX-License-Identifier: MIT */
#include "cli/color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool color_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && strcmp(term, "dumb") != 0;
}

static bool env_set(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

bool color_use(enum color_choice choice, int fd)
{
	const char *force;

	switch (choice) {
	case COLOR_ALWAYS:
		return true;
	case COLOR_NEVER:
		return false;
	case COLOR_AUTO:
		if (env_set("NO_COLOR"))
			return false;
		force = getenv("CLICOLOR_FORCE");
		if (force && *force && strcmp(force, "0") != 0)
			return true;
		return color_terminal(fd);
	}
	return false;	/* not reached */
}
