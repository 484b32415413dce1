/* SPDX-License-Identifier: MIT */
/* The environment that each test is to find. It is kept twice, in one layout: as `environ` itself
 * and as a copy, so that two memcmp() tell whether a test has changed it. */
#ifndef HOST_KEPT_ENVIRONMENT_H
#define HOST_KEPT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: nothing kept yet. */
struct kept_environment {
	char **vars;		/* is `environ`: pointers into `strings`, NULL at the end */
	char *strings;
	size_t nvars, nstrings;
	char **vars_kept;	/* the copies: no test has a pointer to them */
	char *strings_kept;
	void *memory;		/* holds all four */
	size_t nmemory;
};

/* True if it is as it was when it was last kept. */
bool kept_environment_same(const struct kept_environment *env);

/* Moves the environment as it is now to memory of the host's own, and keeps it. False: no memory;
 * all is as it was. */
bool kept_environment_adopt(struct kept_environment *env);

/* Makes it again as it was kept. */
void kept_environment_put_back(struct kept_environment *env);

#endif
