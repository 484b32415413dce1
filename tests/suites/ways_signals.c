/* SPDX-License-Identifier: MIT */
/* Tests that a signal ends, and tests that send signals elsewhere. */
#include "way.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

NEIGHBOUR(0)

WAY(1, segv)
{
	volatile int *nowhere = NULL;

	printf("before the fault\n");
	*nowhere = 1;
	return 0;
}

NEIGHBOUR(2)

WAY(3, abrt)
{
	abort();
}

NEIGHBOUR(4)

WAY(5, fpe)
{
	volatile int zero = 0;

	/* Not every machine traps here. */
	if (1 / zero == 0)
		raise(SIGFPE);
	return 0;
}

NEIGHBOUR(6)

WAY(7, bus)
{
	int fd = memfd_create("bus", MFD_CLOEXEC);
	volatile char *beyond = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	return beyond[0];
}

NEIGHBOUR(8)

WAY(9, ill)
{
#ifdef __x86_64__
	__asm__ volatile ("ud2");
#else
	raise(SIGILL);
#endif
	return 0;
}

NEIGHBOUR(10)

static int dig(volatile char *above)
{
	volatile char here[4096];

	if (above[0] == 0)
		return 0;
	memset((char *)here, above[0], sizeof(here));
	return dig(here) + here[1];
}

WAY(11, stack_overflow)
{
	volatile char top[1] = { 1 };

	return dig(top);
}

NEIGHBOUR(12)

WAY(13, sigkill_itself)
{
	kill(getpid(), SIGKILL);
	return 0;
}

NEIGHBOUR(14)

WAY(15, sigstop_itself)
{
	printf("stops\n");
	fflush(stdout);
	kill(getpid(), SIGSTOP);
	return 0;
}

NEIGHBOUR(16)

WAY(17, sigterm_to_parent)
{
	kill(getppid(), SIGTERM);
	return 0;
}

NEIGHBOUR(18)

WAY(19, sigint_to_parent)
{
	kill(getppid(), SIGINT);
	return 0;
}

NEIGHBOUR(20)

WAY(21, assert_c)
{
	errno = 0;
	assert(errno == 1 && "one is not zero");
	return 0;
}

NEIGHBOUR(22)

WAY(23, sigterm_itself)
{
	kill(getpid(), SIGTERM);
	return 0;
}

NEIGHBOUR(24)

WAY(25, sigterm_to_group)
{
	kill(0, SIGTERM);
	return 0;
}

NEIGHBOUR(26)
