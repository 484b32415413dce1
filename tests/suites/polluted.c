/* SPDX-License-Identifier: MIT */
/*
 * 500 tests of which some disturb others, as the environment says: POLLUTERS are the numbers of tests that leave
 * something behind, CLEANER of one that puts that right, and VICTIM of the one that minds. It fails after NEEDED
 * polluters (1 unless told), or with COUNTER, a file, at every PERIOD-th of its runs from the first on. With ALL each
 * test fails. As a
 * library of TML, or, included by a program, of another framework.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned npolluted;

static int number_of(const char *name, int none)
{
	const char *text = getenv(name);

	return text ? atoi(text) : none;
}

static int pollutes(int number)
{
	const char *at = getenv("POLLUTERS");

	while (at && *at) {
		if (atoi(at) == number)
			return 1;
		at = strchr(at, ',');
		at += at != NULL;
	}
	return 0;
}

/* How often that was called in all processes: the size of a file. */
static long count(const char *path)
{
	FILE *file = fopen(path, "a");
	long n = -1;

	if (file && fputc('.', file) != EOF && fflush(file) == 0)
		n = ftell(file);
	if (file)
		fclose(file);
	return n;
}

static int polluted_test(int number)
{
	const char *counter = getenv("COUNTER");

	if (getenv("ALL"))
		return 1;
	npolluted += (unsigned)pollutes(number);
	if (number == number_of("CLEANER", -1))
		npolluted = 0;
	if (number == number_of("CRASHES", -1) && npolluted > 0)
		abort();
	if (number != number_of("VICTIM", -1))
		return 0;
	if (counter)
		return (count(counter) - 1) % number_of("PERIOD", 2) == 0;
	if (getenv("SLOWLY"))
		usleep(300000);
	return npolluted >= (unsigned)number_of("NEEDED", 1);
}

#define TEN(ONE, n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(ONE, n) TEN(ONE, n##0) TEN(ONE, n##1) TEN(ONE, n##2) TEN(ONE, n##3) TEN(ONE, n##4) \
	TEN(ONE, n##5) TEN(ONE, n##6) TEN(ONE, n##7) TEN(ONE, n##8) TEN(ONE, n##9)
/* Numbers from 1000 on, so that all have as many digits and none is taken for octal. */
#define FIVE_HUNDRED(ONE) HUNDRED(ONE, 10) HUNDRED(ONE, 11) HUNDRED(ONE, 12) HUNDRED(ONE, 13) HUNDRED(ONE, 14)

#ifndef POLLUTED_PROGRAM
#define TML_TEST(n) \
	int tml_test_##n(void); \
	int tml_test_##n(void) \
	{ \
		return polluted_test(n - 1000); \
	}

FIVE_HUNDRED(TML_TEST)
#endif
