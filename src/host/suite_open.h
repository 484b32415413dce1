/* SPDX-License-Identifier: MIT */
/* The suites that this host has open. Those that may be closed are closed before the next one is
 * opened. */
#ifndef HOST_SUITE_OPEN_H
#define HOST_SUITE_OPEN_H

#include "host/tml_test.h"

#include <stdbool.h>
#include <stddef.h>

struct opened {
	uint32_t hash;		/* of the path */
	char *path;
	void *handle;
	bool closes;		/* it may be closed before the next one is opened */
	bool has_functions;	/* TML's function coverage */
	bool has_tml;		/* `tml` was looked up */
	struct tml tml;
};

struct suites {			/* all zero: none */
	struct opened **suites;
	size_t nsuites, cap;
};

/* The suite at `path` if it is open, else NULL. */
struct opened *suite_find(const struct suites *s, const char *path);

/* Opens it. NULL: `*why` says why, in the loader's own memory. */
struct opened *suite_open(struct suites *s, const char *path, const char **why);

/* Closes those that may be closed. */
void suites_close(struct suites *s);

#endif
