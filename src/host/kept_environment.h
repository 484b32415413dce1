/* SPDX-License-Identifier: MIT */
/* The environment as later tests are to find it: kept twice, so that a comparison is a memcmp(). */
#ifndef HOST_KEPT_ENVIRONMENT_H
#define HOST_KEPT_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: nothing kept yet. */
struct environment {
	char **vars;		/* is `environ`: pointers into `strings`, NULL at the end */
	char *strings;
	size_t nvars, nstrings;
	char **vars_kept;	/* copies which no test has a pointer to */
	char *strings_kept;
	void *memory;		/* holds all four */
	size_t nmemory;
};

/* True if it is as it was when it was last kept. */
bool environment_same(const struct environment *env);

/* Keeps what is set now, in memory of the host's own. False: no memory, nothing was changed. */
bool environment_adopt(struct environment *env);

/* Sets what was kept. */
void environment_put_back(struct environment *env);

#endif
