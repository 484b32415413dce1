/* SPDX-License-Identifier: MIT */
#include "draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

bool soaking(void)
{
	return getenv("PROCTOR_SOAK") != NULL;
}

unsigned draw(unsigned n)
{
	static unsigned seed;
	const char *given = getenv("PROCTOR_SOAK_SEED");

	if (seed == 0) {
		seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
		print_message("PROCTOR_SOAK_SEED=%u\n", seed);
	}
	return (unsigned)rand_r(&seed) % n;
}
