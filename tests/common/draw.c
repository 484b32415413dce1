/* SPDX-License-Identifier: MIT */
#include "draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* A sample is the same each time: what fails in it was broken by the change at hand. */
#define SAMPLE_SEED 20261

bool soaking(void)
{
	return getenv("PROCTOR_SOAK") != NULL;
}

unsigned draw(unsigned n)
{
	static unsigned seed;
	const char *given = getenv("PROCTOR_SOAK_SEED");

	if (seed == 0) {
		if (given)
			seed = (unsigned)strtoul(given, NULL, 10);
		else
			seed = soaking() ? (unsigned)time(NULL) : SAMPLE_SEED;
		print_message("PROCTOR_SOAK_SEED=%u\n", seed);
	}
	return (unsigned)rand_r(&seed) % n;
}
