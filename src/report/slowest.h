/* SPDX-License-Identifier: MIT */
/* The slowest tests of a run, a given number of them. */
#ifndef REPORT_SLOWEST_H
#define REPORT_SLOWEST_H

#include <stddef.h>
#include <stdint.h>

struct slow_test {
	char *id;
	uint64_t duration_us;
};

struct slowest {
	struct slow_test *list;		/* the slowest first; equally slow ones as they came */
	size_t n, max;
};

/* -ENOMEM. */
int slowest_init(struct slowest *s, size_t max);
/* Keeps the test if it is one of the slowest. -ENOMEM: it is one, and is missing. */
int slowest_add(struct slowest *s, const char *id, uint64_t duration_us);
void slowest_fini(struct slowest *s);

#endif
