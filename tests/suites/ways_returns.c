/* SPDX-License-Identifier: MIT */
/* Tests that end in an unusual place, without a signal. */
#include "way.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

NEIGHBOUR(0)

WAY(1, return_nonzero)
{
	printf("returns 3\n");
	return 3;
}

NEIGHBOUR(2)

WAY(3, exit_0)
{
	printf("exits with 0\n");
	exit(0);
}

NEIGHBOUR(4)

WAY(5, exit_1)
{
	printf("exits with 1\n");
	exit(1);
}

NEIGHBOUR(6)

WAY(7, _exit_0)
{
	fprintf(stderr, "leaves with 0\n");
	_exit(0);
}

NEIGHBOUR(8)

WAY(9, _exit_5)
{
	fprintf(stderr, "leaves with 5\n");
	_exit(5);
}

NEIGHBOUR(10)

WAY(11, quick_exit_0)
{
	quick_exit(0);
}

NEIGHBOUR(12)

WAY(13, return_minus_one)
{
	return -1;
}

NEIGHBOUR(14)

WAY(15, return_minus_two)
{
	return -2;
}

NEIGHBOUR(16)
