/* SPDX-License-Identifier: MIT */
/* What the tests of programs of any framework share. */
#ifndef TESTS_INTEGRATION_FRAMEWORK_H
#define TESTS_INTEGRATION_FRAMEWORK_H

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The program's path. Where its compiler was not there when the suites were built the test is skipped. */
const char *framework_program(const char *name, const char *compiler);
/* What it prints when it runs its tests itself; to be freed. */
char *framework_own_output(const char *program, const char *arguments);
/* The test's message has this text in it. */
void framework_check_message(const struct run *run, const char *id, const char *text);

/* What a test does that ends in another way than by returning: WAY in its environment. */
struct framework_way {
	const char *way;
	const char *verdict;		/* NULL: any */
	const char *message;		/* a part of it; NULL: any */
};

/* With each way `id` has that verdict, in a process shared with others and alone, and the `others` pass. */
void framework_check_ways(const char *program, const struct framework_way *ways, size_t nways, const char *id,
			  const char *const *others);

#endif
